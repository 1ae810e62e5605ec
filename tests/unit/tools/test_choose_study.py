"""The study's settings were chosen among runs that differ from it in one of them."""

from guidednet.runs.config_fields import fields_of
from guidednet.study.real_ct import shipped_rows
from tools.choose_study import candidates


def test_each_candidate_changes_one_setting_of_sup_only():
    start = next(row.configs[0] for row in shipped_rows() if row.label == "Sup only")
    runs = candidates(seed=0)
    assert runs.count(start) == 1, "what was chosen must be among the candidates"
    changed = [
        [name for name, value in fields_of(run).items() if value != fields_of(start)[name]]
        for run in runs
        if run != start
    ]
    assert sorted(map(tuple, changed)) == [
        ("batch.flip_axes",),
        *[("optimiser.learning_rate",)] * 3,
        ("training.steps",),
    ]
