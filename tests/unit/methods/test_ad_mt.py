"""AD-MT: whose turn it is, who labels, and what the images of a turn look like."""

import torch

from guidednet.methods.ad_mt import ADMTConfig, turns
from guidednet.methods.parts.pseudo_labels import NO_LABEL
from guidednet.networks import NetworkOutput
from helpers.batches import a_batch, a_method


def says(*probabilities):
    """A network that gives one voxel these probabilities."""
    logits = torch.tensor(probabilities).log().view(1, -1, 1, 1, 1)
    return lambda image: NetworkOutput(logits, ())


def label_of(first, second, student, threshold=0.0):
    method = a_method("ad_mt", ADMTConfig(threshold=threshold))
    for name, network in (("teacher", first), ("second_teacher", second), ("student", student)):
        delattr(method, name)
        setattr(method, name, network)
    return method.pseudo_label(torch.zeros(1, 1, 1, 1, 1)).item()


def test_turns_alternate_last_up_to_the_period_and_depend_on_the_seed_alone():
    found = turns(1000, 7, seed=0)
    lengths = [
        len(run)
        for run in "".join(map(str, found)).replace("01", "0 1").replace("10", "1 0").split()
    ]
    assert len(found) == 1000 and set(lengths[:-1]) == set(range(1, 8))
    assert found == turns(1000, 7, seed=0) != turns(1000, 7, seed=1)


def test_only_the_teacher_whose_turn_it_is_moves():
    method = a_method("ad_mt")
    for turn in (0, 1):
        method.turns = [turn] * 5
        before = {name: value.clone() for name, value in method.state_dict().items()}
        with torch.no_grad():
            for parameter in method.student.parameters():
                parameter += 1
        method.after_step(0)
        after = method.state_dict()
        moved = {
            name.split(".")[0] for name in before if not torch.equal(before[name], after[name])
        }
        assert moved == {"student", ("teacher", "second_teacher")[turn]}


def test_the_surer_teacher_counts_more_and_the_student_decides_only_conflicts():
    sure, doubtful = says(0.9, 0.05, 0.05), says(0.2, 0.5, 0.3)
    quiet, loud = says(0.3, 0.3, 0.4), says(0.001, 0.001, 0.998)
    assert label_of(sure, doubtful, quiet) == label_of(doubtful, sure, quiet) == 0
    assert label_of(sure, doubtful, loud) == 2
    assert label_of(sure, sure, loud) == 0
    assert label_of(sure, doubtful, quiet, threshold=0.9) == NO_LABEL


def test_a_turn_changes_intensities_or_pastes_boxes(monkeypatch):
    method = a_method("ad_mt").eval()
    seen, forward = [], method.student.forward
    monkeypatch.setattr(
        method.student, "forward", lambda image: seen.append(image) or forward(image)
    )
    batch = a_batch()
    for turn in (0, 1):
        method.turns = [turn] * 5
        seen.clear()
        method(batch, 4)
        values = set(batch.image[2:].unique().tolist())
        assert (set(seen[-1].unique().tolist()) <= values) == bool(turn)


def test_a_warm_start_reaches_both_teachers():
    donor, method = a_method("supervised"), a_method("ad_mt")
    with torch.no_grad():
        donor.network.classifier.bias += 1
    method.start_from({"kaiming": donor.network.state_dict()})
    for teacher in (method.teacher, method.second_teacher):
        assert torch.equal(teacher.classifier.bias, donor.network.classifier.bias)
