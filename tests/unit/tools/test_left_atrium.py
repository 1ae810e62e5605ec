"""The left-atrium benchmark is cut as published, and its split is the published one."""

import numpy as np
import pytest
import SimpleITK

from guidednet.data.splits import choose, released_lists
from guidednet.errors import InputError
from guidednet.runs.profiles import profile
from tools.left_atrium import IMAGE, LABEL, main


def write_scan(folder, box):
    """A scan of (30,200,220) voxels with an atrium in `box`, as the challenge stores it."""
    folder.mkdir(parents=True)
    image = np.random.default_rng(0).normal(300, 40, (30, 200, 220)).astype(np.float32)
    label = np.zeros(image.shape, np.uint8)
    label[box] = 255
    for values, name in ((image, IMAGE), (label, LABEL)):
        written = SimpleITK.GetImageFromArray(values)
        written.SetSpacing((0.625, 0.625, 0.625))
        SimpleITK.WriteImage(written, str(folder / name))


def test_a_scan_is_cut_around_its_atrium(tmp_path):
    write_scan(tmp_path / "in/A1", np.s_[5:20, 80:130, 60:100])
    main([str(tmp_path / "in"), str(tmp_path / "out")])
    image, label = (
        SimpleITK.ReadImage(str(tmp_path / f"out/A1/{name}.nii.gz")) for name in ("image", "label")
    )
    # 50 rows: 31 to make 112, then the margin of 15, on either side; 40 columns: 36 and 15
    assert image.GetSize() == (60 + 40 + 51 - 9, 50 + 2 * 46, 30) == label.GetSize()
    values, mask = map(SimpleITK.GetArrayFromImage, (image, label))
    assert mask.sum() == 15 * 50 * 40 and set(np.unique(mask)) == {0, 1}
    assert abs(values.mean()) < 0.1 and values.std() == pytest.approx(1, abs=0.1)
    assert label.GetOrigin()[1] == pytest.approx(0.625 * (80 - 46))


def test_an_empty_label_is_refused(tmp_path):
    write_scan(tmp_path / "A1", np.s_[0:0])
    with pytest.raises(InputError, match="the label is empty"):
        main([str(tmp_path), str(tmp_path / "out")])


def test_the_split_is_the_published_one():
    lists = released_lists("left_atrium")
    assert (len(lists.train), len(lists.validation), len(lists.test)) == (80, 0, 20)
    data = profile("left_atrium").data["left_atrium"]
    assert data.at(0.2) == (16, 64)
    split = choose(lists, {*lists.train, *lists.test}, 16, 64, "left_atrium")
    assert split.labelled == lists.train[:16] and split.unlabelled == lists.train[16:]
