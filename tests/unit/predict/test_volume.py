"""Probabilities, uncertainty, mirror images and largest components, on the scan's own grid."""

import nibabel as nib
import numpy as np
import pytest
import torch

import guidednet
from guidednet.predict import Beside, Extras, segment, segment_all
from guidednet.predict.volume import DISAGREEMENT, ENTROPY, keep_largest, mirrorings
from helpers.bad_input import refused
from helpers.tiny_runs import save_run, tiny_config
from helpers.volumes import blobs, save


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run folders of a method of two networks and of one."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("runs")
    return {name: save_run(folder / name, name) for name in ("cps", "supervised")}


@pytest.fixture(scope="module")
def scan():
    image, _, affine = blobs((18, 16, 12))
    return image, affine


@pytest.fixture(scope="module")
def answers(runs, scan):
    return {
        name: guidednet.load(run).predict(
            scan[0], affine=scan[1], probabilities=True, uncertainty=True
        )
        for name, run in runs.items()
    }


@pytest.mark.parametrize("name", ["cps", "supervised"])
def test_probabilities_sum_to_one_on_the_grid_of_the_scan(name, answers, scan):
    found = answers[name].probabilities
    assert found.shape == (14, *scan[0].shape) and found.dtype == np.float32
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(0), 1, atol=2e-6)


def test_maps_do_not_change_the_labels_and_agree_with_them(answers, runs, scan):
    plain = guidednet.load(runs["cps"]).predict(scan[0], affine=scan[1])
    np.testing.assert_array_equal(answers["cps"].labels, plain)
    # labels return by a vote of masks, so that they differ where two classes are about as likely
    likeliest = answers["cps"].probabilities.argmax(0)
    inside = np.s_[2:-2, 2:-2, 2:-2]
    assert (likeliest[inside] == plain[inside]).mean() > 0.9


@pytest.mark.parametrize(("name", "meaning"), [("cps", DISAGREEMENT), ("supervised", ENTROPY)])
def test_the_uncertainty_says_what_it_is(name, meaning, answers, scan):
    found = answers[name]
    assert found.uncertainty_is == meaning and found.uncertainty.shape == scan[0].shape
    assert 0 <= found.uncertainty.min() and 0 < found.uncertainty.max() <= 1 + 1e-6


def test_two_equal_networks_do_not_disagree(runs, scan):
    model = guidednet.load(runs["cps"])
    method = model.model.method
    method.network_b.load_state_dict(method.network_a.state_dict())
    found = model.predict(scan[0], affine=scan[1], uncertainty=True)
    assert found.uncertainty.max() == 0 and found.probabilities is None


def test_mirror_images_make_the_prediction_of_a_mirrored_scan_the_mirrored_prediction(runs, scan):
    """Averaged over both, left and right are treated alike."""
    model, (image, affine) = guidednet.load(runs["supervised"]), scan
    wanted = {"affine": affine, "probabilities": True}
    found = model.predict(image, flips=True, **wanted)
    mirrored = model.predict(image[::-1].copy(), flips=True, **wanted)
    inside = np.s_[:, 1:-1]  # the prepared grid may end beside the scan's
    np.testing.assert_allclose(
        mirrored.probabilities[:, ::-1][inside], found.probabilities[inside], atol=1e-4
    )
    plain = model.predict(image, **wanted)
    assert np.abs(found.probabilities - plain.probabilities).max() > 1e-3


def test_scans_are_mirrored_as_crops_were_in_training():
    assert tiny_config("cps").batch.flip_axes == (1, 2)
    assert mirrorings(tiny_config("cps")) == [(), (1,), (2,), (1, 2)]


def test_only_the_largest_part_of_an_organ_stays():
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[:2, :2, :2], labels[5, 5, 5], labels[2, 2, 2] = 1, 1, 1  # the last touches a corner
    labels[4, 0, 0], labels[4, 4, 0] = 2, 2
    kept = keep_largest(labels, [1])
    assert (kept == 1).sum() == 9 and kept[5, 5, 5] == 0 and (kept == 2).sum() == 2
    assert (labels == 1).sum() == 10


def test_largest_components_are_asked_for_by_name(runs, scan):
    model = guidednet.load(runs["cps"])
    found = model.predict(scan[0], affine=scan[1], largest_component="all")
    np.testing.assert_array_equal(found, keep_largest(found, list(range(1, 14))))
    message = "unknown organ 'lever': use one of"
    refused(message, lambda: model.predict(scan[0], affine=scan[1], largest_component=["lever"]))


def test_the_command_writes_the_same_maps_beside_the_labels(answers, runs, scan, tmp_path, capsys):
    file = save(tmp_path / "scan.nii.gz", *scan)
    beside = Beside(tmp_path / "p.nii.gz", tmp_path / "u.nii.gz")
    segment(file, runs["cps"], tmp_path / "out.nii.gz", beside=beside)
    found = nib.load(tmp_path / "p.nii.gz")
    assert found.shape == (*scan[0].shape, 14) and np.allclose(found.affine, scan[1])
    np.testing.assert_array_equal(
        np.moveaxis(np.asarray(found.dataobj), -1, 0), answers["cps"].probabilities
    )
    uncertainty = nib.load(tmp_path / "u.nii.gz")
    np.testing.assert_array_equal(np.asarray(uncertainty.dataobj), answers["cps"].uncertainty)
    meaning = b"disagreement of networks A and B"
    assert uncertainty.header["descrip"].item() == meaning and meaning.decode() in DISAGREEMENT
    assert "the uncertainty is the disagreement of networks" in capsys.readouterr().err


def test_maps_of_a_folder_go_to_a_folder_and_are_made_if_they_were_not(runs, scan, tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        save(tmp_path / "scans" / name, *scan)
    beside = Beside(uncertainty=tmp_path / "u")
    for _ in range(2):
        segment_all(tmp_path / "scans", runs["supervised"], tmp_path / "out", beside=beside)
        assert sorted(path.name for path in (tmp_path / "u").iterdir()) == ["a.nii.gz", "b.nii.gz"]
        (tmp_path / "u" / "b.nii.gz").unlink()
    refused(
        "--uncertainty u.txt: does not end in .nii",
        lambda: segment(
            save(tmp_path / "scan.nii.gz", *scan),
            runs["supervised"],
            tmp_path / "x.nii.gz",
            extras=Extras(flips=True),
            beside=Beside(uncertainty="u.txt"),
        ),
    )
    assert not (tmp_path / "x.nii.gz").exists()
