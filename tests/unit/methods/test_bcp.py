"""BCP: the mixtures agree with their labels voxel by voxel, and every labelled voxel counts once."""

import torch

from guidednet.data.sampling import Batch
from guidednet.methods.bcp import both_ways
from guidednet.methods.parts.boxes import random_box
from guidednet.methods.parts.pseudo_labels import NO_LABEL
from helpers.batches import a_batch, a_method


def seen_by(method, batch, monkeypatch):
    """What BCP gives to its student and its losses: image, labels, pseudo-labels."""
    seen, forward = [], method.student.forward
    monkeypatch.setattr(
        method.student, "forward", lambda image: seen.append(image) or forward(image)
    )
    monkeypatch.setattr(
        "guidednet.methods.bcp.partial_loss",
        lambda logits, label: seen.append(label) or label.sum(),
    )
    method(batch, step=0)
    return seen


def test_image_label_and_pseudo_label_agree_voxel_by_voxel(monkeypatch):
    method, batch = a_method("bcp").eval(), a_batch()
    guess = method.teacher(batch.image[2:]).logits.argmax(1)
    image, known, guessed = seen_by(method, batch, monkeypatch)
    assert ((known == NO_LABEL) != (guessed == NO_LABEL)).all()
    for row in range(4):
        is_labelled = known[row] != NO_LABEL
        pair = row % 2
        for mask, source, label, target in (
            (is_labelled, batch.image[pair, 0], batch.label[pair], known[row]),
            (~is_labelled, batch.image[2 + pair, 0], guess[pair], guessed[row]),
        ):
            assert torch.equal(image[row, 0][mask], source[mask])
            assert torch.equal(target[mask], label[mask])
        # inside the box of the first mixture lies what is outside that of the second
        assert torch.equal(is_labelled, known[(row + 2) % 4] == NO_LABEL)


def test_labelled_rows_without_a_partner_stay_whole(monkeypatch):
    batch = a_batch()
    fewer = Batch(batch.image[:3], batch.label)
    image, known, guessed = seen_by(a_method("bcp"), fewer, monkeypatch)
    assert torch.equal(image[2], batch.image[1]) and torch.equal(known[2], batch.label[1])
    assert (guessed[2] == NO_LABEL).all()


def test_both_ways_is_undone_by_itself():
    box = random_box((4, 6, 8), 2 / 3, torch.device("cpu"))
    first, second = torch.rand(2, 1, 4, 6, 8), torch.rand(2, 1, 4, 6, 8)
    mixed = both_ways(first, second, box)
    assert torch.equal(both_ways(*mixed.chunk(2), box), torch.cat([first, second]))
