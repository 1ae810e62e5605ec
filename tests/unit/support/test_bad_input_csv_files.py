"""A table that is none is refused with one sentence that names the file."""

import pytest

from guidednet.data.case_store import CaseStore
from guidednet.data.splits import read_lists, read_mapping
from guidednet.runs.record import Run
from helpers.bad_input import refused
from helpers.tiny_runs import tiny_config


def scores(path):
    return Run(tiny_config("cps"), path.parent, {}).scores()


def curves(path):
    return Run(tiny_config("cps"), path.parent, {}).curves()


def cases(path):
    (path.parent / "store.json").write_text('{"dataset": "flare22"}')
    return CaseStore(path.parent).table


TABLES = {
    ("scores.csv", None): (scores, "no such file"),
    ("scores.csv", ""): (scores, "cannot be read as CSV with the columns predictor (text)"),
    ("scores.csv", "\x00\x01\x02"): (scores, "has no column predictor"),
    ("scores.csv", "a,b\n1,2\n"): (
        scores,
        "has no column predictor; its columns must be predictor, case, organ",
    ),
    (
        "scores.csv",
        "predictor,case,organ,metric,value,reference_voxels,predicted_voxels\na,b,c,d,good,1,1\n",
    ): (scores, "value (numbers)"),
    ("curves.csv", "step,loss\n1,2\n"): (curves, "has no column validation_dice"),
    ("curves.csv", "step,validation_dice\nfirst,0.5\n"): (
        curves,
        "cannot be read as CSV with the columns step (whole numbers)",
    ),
    ("cases.csv", "case_id,labelled\na,True\n"): (cases, "has no column prepared_image_sha256"),
    ("cases.csv", "case_id,labelled,prepared_image_sha256\na,perhaps,0\n"): (
        cases,
        "labelled (True or False)",
    ),
    ("cases.csv", "case_id,labelled,prepared_image_sha256\na,True,0\na,True,1\n"): (
        cases,
        "case a is listed twice",
    ),
    ("split.csv", "case,split\na,train\n,test\n"): (
        read_lists,
        "line 3 has nothing in column case; fill it in",
    ),
    ("split.csv", "case,split\na,\n"): (read_lists, "line 2 has nothing in column split"),
    ("split.csv", "case,split\na,train\na,train\n"): (
        read_lists,
        "case a occurs more than once",
    ),
    ("split.csv", "case;split\na;train\n"): (read_lists, "has no column case"),
    ("mapping.csv", "released,case\na,b\nc,b\n"): (read_mapping, "case b occurs more than once"),
    ("mapping.csv", 'released,case\n"a,b\n'): (
        read_mapping,
        "cannot be read as CSV with the columns released (text), case (text)",
    ),
}


@pytest.mark.parametrize(("name", "content"), TABLES, ids=str)
def test_a_table_that_is_none_is_one_sentence(name, content, tmp_path):
    read, message = TABLES[name, content]
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    refused(message, read, tmp_path / name)


def test_a_table_in_bytes_is_one_sentence(tmp_path):
    (tmp_path / "split.csv").write_bytes(bytes(range(256)) * 4)
    refused("split.csv: cannot be read as CSV", read_lists, tmp_path / "split.csv")
