"""A checkpoint is as it was written, or the one before it is used; nothing half-written or changed
becomes a weight.
"""

import random

import pytest
import torch

from guidednet.errors import DamagedFileError, InputError
from guidednet.training import checkpoint
from guidednet.training.loop import train
from helpers.cases import SPLIT, BlobStore
from helpers.tiny_runs import KilledError, killed_after, tiny_config

STATE = {
    "weights": torch.arange(500.0),
    "step": 7,
    "curves": {2: {"loss": 0.5}},
    "random": [1, 2, 3],
}


def equal(first, second):
    return torch.equal(first["weights"], second["weights"]) and {**first, "weights": 0} == {
        **second,
        "weights": 0,
    }


def flipped(content, place, bit=0):
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


def test_a_flipped_bit_is_noticed_or_harmless(tmp_path):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, STATE)
    content = path.read_bytes()
    generator = random.Random(0)
    noticed = 0
    for _ in range(300):
        path.write_bytes(
            flipped(content, generator.randrange(len(content)), generator.randrange(8))
        )
        try:
            assert equal(checkpoint.load(path), STATE)
        except DamagedFileError as error:
            assert str(error).startswith(f"{path}: the file is damaged") and "\n" not in str(error)
            noticed += 1
    assert noticed > 150


def test_every_bit_of_the_weights_counts(tmp_path):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, STATE)
    content = path.read_bytes()
    place = content.index(STATE["weights"].numpy().tobytes())
    for offset in range(0, 2000, 97):
        path.write_bytes(flipped(content, place + offset, offset % 8))
        with pytest.raises(DamagedFileError):
            checkpoint.load(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_noticed(share, tmp_path):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, STATE)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DamagedFileError):
        checkpoint.load(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"weights\.pt: no such file"):
        checkpoint.load(tmp_path / "weights.pt")


def test_the_previous_checkpoint_stays(tmp_path):
    path = tmp_path / "checkpoint.pt"
    for step in (1, 2, 3):
        checkpoint.save_beside_previous(path, {"step": step})
    assert checkpoint.load(path) == {"step": 3} and checkpoint.load(checkpoint.previous(path)) == {
        "step": 2
    }
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "checkpoint.previous.pt",
        "checkpoint.pt",
    ]
    path.unlink()
    assert checkpoint.exists(path) and checkpoint.load_newest(path) == {"step": 2}
    # as a kill between the two renames leaves it
    checkpoint.save(tmp_path / "checkpoint.new.pt", {"step": 4})
    assert checkpoint.load_newest(path) == {"step": 4}
    checkpoint.remove(path)
    assert (
        not checkpoint.exists(path)
        and checkpoint.load_newest(path) is None
        and not list(tmp_path.iterdir())
    )


@pytest.mark.parametrize("error", [MemoryError, torch.OutOfMemoryError])
def test_want_of_memory_is_no_damage(error, tmp_path, monkeypatch):
    """Else a training would begin anew, and write over its checkpoints."""
    checkpoint.save(tmp_path / "checkpoint.pt", STATE)
    monkeypatch.setattr(torch, "load", lambda *arguments, **options: (_ for _ in ()).throw(error()))
    with pytest.raises(error):
        checkpoint.load_newest(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize(
    ("damaged", "goes_on_at"),
    [(["checkpoint.pt"], 2), (["checkpoint.pt", "checkpoint.previous.pt"], 0)],
)
def test_a_training_goes_on_from_what_is_whole_and_says_so(damaged, goes_on_at, tmp_path, capfd):
    whole, folder = tmp_path / "whole", tmp_path / "damaged"
    config = tiny_config("guidednet", steps=6)
    train(config, BlobStore(), SPLIT, whole)
    with pytest.raises(KilledError):
        # checkpoints stand at steps 2 and 4
        train(config, BlobStore(), SPLIT, folder, progress=killed_after(5))
    for name in damaged:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(flipped(content, len(content) // 2))
    capfd.readouterr()
    state = train(config, BlobStore(), SPLIT, folder)
    said = capfd.readouterr().err
    assert state.first_step == goes_on_at
    assert [f"{folder / name}: the file is damaged" in said for name in damaged] == [True] * len(
        damaged
    )
    assert "going on from the checkpoint before it" in said
    for name in ("weights.pt", "weights_last.pt", "curves.csv"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
