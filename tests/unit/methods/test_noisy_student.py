"""Noisy student: perfect pseudo-labels are labels, and the teacher stands still while it teaches."""

import torch

from guidednet.data.sampling import Batch
from guidednet.methods.noisy_student import NoisyStudentConfig
from guidednet.methods.parts.pseudo_labels import NO_LABEL
from helpers.batches import a_batch, a_method

AT_ONCE = NoisyStudentConfig(teacher_share=0.0)


def all_labels():
    """The usual batch, and the labels of all its rows."""
    batch = a_batch()
    return batch, torch.cat([batch.label, batch.label.flip(0)])


def test_perfect_pseudo_labels_are_supervised_training_on_all_labels(monkeypatch):
    batch, label = all_labels()
    student = a_method("noisy_student", AT_ONCE).eval()
    monkeypatch.setattr(student, "pseudo_label", lambda image: label[2:])
    supervised = a_method("supervised_augmented").eval()
    terms = []
    for method, given in ((student, batch), (supervised, Batch(batch.image, label))):
        torch.manual_seed(1)
        terms.append(method(given, step=0)["supervised"])
    torch.testing.assert_close(*terms)


def test_unsure_voxels_do_not_count():
    method = a_method("noisy_student", NoisyStudentConfig(0.0, threshold=1.0)).eval()
    assert (method.pseudo_label(a_batch().image) == NO_LABEL).all()
    (found,) = method(a_batch(), step=0).values()
    assert torch.isfinite(found) and found > 0


def test_the_first_part_is_supervised_and_makes_the_teacher():
    method = a_method("noisy_student").eval()  # 5 steps, of which 0, 1 and 2 make the teacher
    other = Batch(torch.zeros_like(a_batch().image), a_batch().label)
    other.image[:2] = a_batch().image[:2]
    for step, same in ((2, True), (3, False)):
        losses = []
        for batch in (a_batch(), other):
            torch.manual_seed(1)
            losses.append(method(batch, step)["supervised"].item())
        assert (losses[0] == losses[1]) == same
    before = [value.clone() for value in method.teacher.parameters()]
    with torch.no_grad():
        for parameter in method.student.parameters():
            parameter += 1
    method.after_step(3)
    assert all(map(torch.equal, before, method.teacher.parameters()))
    method.after_step(2)
    assert not any(map(torch.equal, before, method.teacher.parameters()))


def test_the_teacher_labels_without_dropout():
    method = a_method("noisy_student", NoisyStudentConfig(threshold=0.0)).train()
    image = a_batch().image
    assert torch.equal(method.pseudo_label(image), method.pseudo_label(image))
