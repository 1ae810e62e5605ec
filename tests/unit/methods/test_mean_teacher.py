"""Mean teacher: how the teacher follows, and when the consistency vanishes."""

import pytest
import torch

from guidednet.methods.mean_teacher import MeanTeacherConfig
from helpers.batches import a_batch, a_method


@pytest.mark.parametrize("name", ["mean_teacher", "ua_mt", "magicnet", "bcp"])
def test_teacher_equals_the_student_after_the_first_step_and_follows_slowly_later(name):
    method = a_method(name)
    with torch.no_grad():
        for parameter in method.student.parameters():
            parameter += 1
    method.after_step(0)
    student, teacher = (
        torch.cat([p.flatten() for p in net.parameters()])
        for net in (method.student, method.teacher)
    )
    assert torch.equal(student, teacher)
    with torch.no_grad():
        for parameter in method.student.parameters():
            parameter += 1
    method.after_step(999)
    moved = torch.cat([p.flatten() for p in method.teacher.parameters()]) - teacher
    torch.testing.assert_close(moved, torch.full_like(moved, 0.01), atol=1e-5, rtol=0)


def test_a_warm_start_reaches_student_and_teacher():
    donor, method = a_method("supervised"), a_method("mean_teacher")
    with torch.no_grad():
        donor.network.classifier.bias += 1
    method.start_from({"kaiming": donor.network.state_dict()})
    assert torch.equal(method.teacher.classifier.bias, donor.network.classifier.bias)


def test_consistency_vanishes_without_noise_and_dropout():
    method = a_method("mean_teacher", MeanTeacherConfig(noise=0.0)).eval()
    assert method(a_batch(), 4)["consistency"] == 0
    assert a_method("mean_teacher").eval()(a_batch(), 4)["consistency"] > 0


def test_noise_is_clipped(monkeypatch):
    method, seen = a_method("mean_teacher"), []
    forward = method.teacher.forward
    monkeypatch.setattr(
        method.teacher, "forward", lambda image: seen.append(image) or forward(image)
    )
    method.teacher_logits(torch.zeros(1, 1, 8, 8, 8), noise=5.0)
    assert seen[0].abs().max() == pytest.approx(0.2)
