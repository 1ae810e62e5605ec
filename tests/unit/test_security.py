"""Doctors' data goes through here: no file from a stranger is executed, no name leads out of its
folder or becomes markup.
"""

import ast
import csv
import dataclasses
import json
import os
import pickle
import re
import stat
from functools import partial
from html.parser import HTMLParser

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from nbconvert.filters.markdown import markdown2html
from papermill.translators import translate_parameters

from guidednet.data.case_store import CaseStore, PrepareConfig
from guidednet.data.layouts import find_cases
from guidednet.data.prepare import prepare
from guidednet.data.splits import read_lists, read_mapping
from guidednet.errors import InputError
from guidednet.predict import find_jobs
from guidednet.report.execute_notebooks import source, without_paths
from guidednet.report.notebook_page.write import write_notebook_page
from guidednet.report.tables.captions import Caption
from guidednet.report.tables.formats import markdown
from guidednet.report.tables.latex import escape
from guidednet.report.viewer.page_viewer import viewer_html
from guidednet.runs import torchrun
from guidednet.runs.model_file import load_model
from guidednet.runs.record import load_weights
from guidednet.support.files import write_bytes, write_json
from guidednet.training.loop import kept_weights, make_method, resume
from helpers.paths import ROOT
from helpers.tiny_runs import tiny_config
from helpers.viewer_page import scene
from helpers.volumes import save_case

SETTINGS = PrepareConfig((20.0, 15.0, 15.0))


class Hostile:
    """What a pickle can do to whoever loads it: here it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


WAYS = {
    "pickle": lambda content, path: path.write_bytes(pickle.dumps(content)),
    "torch": torch.save,
    "older torch": partial(torch.save, _use_new_zipfile_serialization=False),
}


@pytest.fixture(params=WAYS)
def hostile_weights(request, tmp_path):
    """A run folder whose every file of tensors makes a folder when it is unpickled, which is tried;
    and that folder, gone again.
    """
    folder, harm = tmp_path / "run", tmp_path / "harm"
    (folder / "kept").mkdir(parents=True)
    write_json(
        folder / "record.json",
        {"config": dataclasses.asdict(tiny_config("cps")), "prepare": dataclasses.asdict(SETTINGS)},
    )
    named = [folder / f"{name}.pt" for name in ("weights", "weights_last", "checkpoint")]
    for path in (*named, kept_weights(folder, 2), tmp_path / "model.pt"):
        WAYS[request.param](Hostile(harm), path)
    (pickle.load if request.param == "pickle" else partial(torch.load, weights_only=False))(
        (tmp_path / "model.pt").open("rb")
    )
    harm.rmdir()
    return folder, harm


def test_no_file_of_weights_is_executed(hostile_weights):
    folder, harm = hostile_weights
    config = tiny_config("cps")
    doors = [partial(load_model, folder.parent / "model.pt"), partial(load_model, folder)]
    doors += [
        partial(load_weights, config, path)
        for path in (folder / "weights_last.pt", kept_weights(folder, 2))
    ]
    for door in doors:
        with pytest.raises(InputError, match=r"\.pt: the file is damaged"):
            door()
    assert not harm.exists()


def test_no_checkpoint_is_executed_and_the_training_begins_anew(hostile_weights, capsys):
    folder, harm = hostile_weights
    assert resume(folder / "checkpoint.pt", make_method(tiny_config("cps")), [], "cpu").step == 0
    assert "checkpoint.pt: the file is damaged" in capsys.readouterr().err and not harm.exists()


def write_store(folder, case="a"):
    write_json(folder / "store.json", {"dataset": "flare22"})
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["case_id", "labelled", "prepared_image_sha256"], [case, True, ""]]
        )
    return CaseStore(folder)


@pytest.mark.parametrize(
    "write",
    [WAYS["pickle"], lambda content, path: np.save(path, np.array([content]), allow_pickle=True)],
    ids=["pickle", "array of objects"],
)
def test_no_array_of_a_store_is_executed(write, tmp_path):
    store, path, harm = (
        write_store(tmp_path),
        tmp_path / "cases" / "a" / "image.npy",
        tmp_path / "harm",
    )
    path.parent.mkdir(parents=True)
    write(Hostile(harm), path)
    np.load(path, allow_pickle=True)
    harm.rmdir()
    with pytest.raises(InputError, match="image.npy: is missing or damaged"):
        store.image("a")
    assert not harm.exists()


def test_what_is_unpickled_lies_where_no_other_user_may_enter(monkeypatch):
    found = {}

    def started(request, processes, on_gpu):
        found.update(
            status=request.parent.stat(), files=[file.name for file in request.parent.iterdir()]
        )
        return 0

    monkeypatch.setattr("guidednet.runs.torchrun._run_torchrun", started)
    mask = os.umask(0)
    try:
        torchrun.launch(None, None, False, 2)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(found["status"].st_mode) == 0o700 and found["status"].st_uid == os.getuid()
    assert found["files"] == ["request"]


# Calls that can execute what they read, and the files in which they are fine.
DANGEROUS = {
    "pickle.load": (),
    "pickle.loads": ("guidednet/runs/torchrun.py",),  # see there
    "torch.load": ("guidednet/training/checkpoint.py",),  # weights_only
    # its own arrays; numpy refuses objects unless it is told
    "np.load": ("benchmarks/bench_prepare.py", "guidednet/report/viewer/display_grid.py"),
} | {
    name: ()
    for name in (
        "eval",
        "exec",
        "compile",
        "os.system",
        "os.popen",
        "tempfile.mktemp",
        "pd.read_pickle",
        "yaml.load",
    )
}


def sources():
    """Every piece of code that users run: path, text."""
    for path in (
        file
        for folder in ("guidednet", "benchmarks", "notebooks")
        for file in (ROOT / folder).rglob("*.py")
    ):
        yield path, path.read_text(encoding="utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        yield (
            path,
            "\n".join(
                cell.source
                for cell in cells
                if cell.cell_type == "code" and not cell.source.startswith("%")
            ),
        )


def test_nothing_else_reads_what_could_be_executed():
    found = set()
    for path, text in sources():
        for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
            found.add((ast.unparse(call.func), str(path.relative_to(ROOT))))
            options = {option.arg: ast.unparse(option.value) for option in call.keywords}
            assert options.get("shell") != "True" and options.get("allow_pickle") != "True", path
            assert (
                ast.unparse(call.func) != "torch.load" or options.get("weights_only") == "True"
            ), path
    assert {(name, path) for name, path in found if name in DANGEROUS} == {
        (name, path) for name in DANGEROUS for path in DANGEROUS[name]
    }


UNFIT = ["../../x", "/etc/passwd", "a/b", "..", ".hidden", "a\0b", "a\nb", "-rf", "a\\b", "  "]


@pytest.mark.parametrize("case", UNFIT)
def test_a_case_id_that_leads_elsewhere_is_refused_in_every_list(case, tmp_path):
    for name, columns, read in (
        ("split.csv", ("case", "split"), read_lists),
        ("mapping.csv", ("case", "released"), read_mapping),
    ):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, (case, "train")])
        with pytest.raises(InputError, match=f"{name}: case id .* is not a plain name"):
            read(tmp_path / name)
    with pytest.raises(InputError, match=r"cases\.csv: case id .* is not a plain name"):
        len(write_store(tmp_path, case).table)
    with pytest.raises(InputError, match="case id .* is not a plain name"):
        write_store(tmp_path, "a").image(case)


@pytest.mark.parametrize("case", ["a\nb", "-rf", "a\\b"])
def test_a_scan_whose_name_is_no_case_id_is_refused(case, tmp_path):
    (tmp_path / f"{case}_0000.nii.gz").touch()
    with pytest.raises(InputError, match="case id .* is not a plain name") as caught:
        find_cases(tmp_path, "flare22")
    assert "\n" not in str(caught.value)


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_scan_with_an_odd_name_is_prepared_within_its_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    case = "Case_'a' \"b\" $(touch harm) `touch harm`; é, <script>alert(1)<"
    image, _ = save_case(tmp_path / "raw", labelled=False)
    image.rename(image.with_name(f"{case}_0000.nii.gz"))
    before = tree(tmp_path / "raw")
    prepare(tmp_path / "raw", tmp_path / "store", "flare22", SETTINGS)
    store = CaseStore(tmp_path / "store")
    assert store.unlabelled_ids == [case] and store.image(case).ndim == 3
    assert (
        sorted(path.name for path in tmp_path.iterdir()) == ["raw", "store"]
        and tree(tmp_path / "raw") == before
    )


def test_a_linked_scan_is_read_and_never_written_through(tmp_path):
    elsewhere, _ = save_case(tmp_path / "elsewhere", labelled=False)
    content = elsewhere.read_bytes()
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "Case_00007_0000.nii.gz").symlink_to(elsewhere)
    prepare(tmp_path / "raw", tmp_path / "store", "flare22", SETTINGS)
    assert CaseStore(tmp_path / "store").unlabelled_ids == ["Case_00007"]
    (job,) = find_jobs(tmp_path / "raw", tmp_path / "out")
    assert job.output == tmp_path / "out" / "Case_00007_0000.nii.gz"
    (tmp_path / "out").mkdir()
    job.output.symlink_to(elsewhere)
    write_bytes(job.output, b"a segmentation")
    assert elsewhere.read_bytes() == content and not job.output.is_symlink()


def test_a_note_beside_prepared_arrays_cannot_rename_its_case(tmp_path):
    save_case(tmp_path / "raw", labelled=False)
    prepare(tmp_path / "raw", tmp_path / "store", "flare22", SETTINGS)
    note = tmp_path / "store" / "cases" / "Case_00001" / "case.json"
    write_json(note, json.loads(note.read_text(encoding="utf-8")) | {"case_id": "../../x"})
    prepare(tmp_path / "raw", tmp_path / "store", "flare22", SETTINGS)
    assert list(CaseStore(tmp_path / "store").table.index) == ["Case_00001"]


@pytest.mark.parametrize("field", ["method", "dataset"])
def test_a_record_that_names_a_path_is_refused(field, tmp_path):
    config = dataclasses.asdict(tiny_config("cps")) | {field: "../../x"}
    write_json(
        tmp_path / "record.json", {"config": config, "prepare": dataclasses.asdict(SETTINGS)}
    )
    with pytest.raises(InputError, match="unknown .*'../../x'"):
        load_model(tmp_path)


def test_only_the_notebooks_of_the_folder_can_be_executed(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "x.ipynb")
    outside = os.path.relpath(tmp_path / "x", ROOT / "notebooks")
    for name in (
        outside,
        str(tmp_path / "x"),
        f"{outside}.ipynb",
        "..",
        "30_slice_viewer\n",
        "../notebooks/30_slice_viewer",
    ):
        with pytest.raises(InputError, match="no such notebook") as caught:
            source(name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["'; import os #", '"\nimport os', "\\'); import os #", "$(touch x)", "{os}"]
)
def test_a_parameter_of_a_notebook_stays_a_text(value):
    (assignment,) = ast.parse(translate_parameters("python3", "python", {"image": value}, "")).body
    assert ast.literal_eval(assignment.value) == value


NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b",
    "50 % of a_b",
    "\\input{x}",
    "**a** `b` ~~c~~ <u>d</u>",
    "$x$ #1",
    "[a](http://b)",
    "a\n\n# b",
    "a &lt; b",
]


class Parsed(HTMLParser):
    """The elements and the text of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", NAMES)
def test_names_in_tables_are_no_markup(name):
    table = pd.DataFrame({"method": [name, "CPS"], "liver": ["**91.00**", "<u>90.00</u>"]})
    page = Parsed(markdown2html(markdown(table)))
    assert page.elements - {"p"} == {"table", "thead", "tbody", "tr", "th", "td", "strong", "u"}
    said = Parsed(markdown2html(Caption(name, (name,)).markdown()))
    assert said.elements == {"p", "ul", "li"} and said.text.split() == 2 * name.split()
    lines = [line.strip() for line in page.text.splitlines() if line.strip()]
    assert lines == ["method", "liver", " ".join(name.split()), "91.00", "CPS", "90.00"]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_latex_are_no_commands(name):
    assert escape(name).count("\\") == len(re.findall(r"\\[%_&#${}]|\\text\w+\{\}", escape(name)))
    assert not re.findall(r"(?<!\\)[%_&#$~^]", escape(name))


@pytest.mark.parametrize("name", NAMES)
def test_names_in_the_viewer_of_a_page_are_no_markup(name):
    label = scene().labels["CPS"]
    page = Parsed(viewer_html([scene(name, labels={"reference": label, name: label})]))
    assert page.elements == {"style", "div", "script", "noscript"}


def executed_notebook(path, name):
    """A notebook as if executed, `name` in each kind of output."""
    table = pd.DataFrame({"method": [name]})
    outputs = [
        nbformat.v4.new_output("stream", text=name),
        nbformat.v4.new_output("display_data", {"text/html": table.to_html(), "text/plain": name}),
        nbformat.v4.new_output(
            "display_data", {"text/markdown": markdown(table), "text/plain": name}
        ),
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"name = {name!r}", outputs=outputs)]
    )
    notebook.metadata.papermill = {
        "input_path": str(path.parent / "source.ipynb"),
        "output_path": str(path),
        "duration": 1,
    }
    nbformat.write(notebook, path)


@pytest.mark.parametrize("name", NAMES[:2])
def test_names_in_the_html_copy_of_a_notebook_are_no_markup(name, tmp_path):
    executed_notebook(tmp_path / "a.ipynb", name)
    write_notebook_page(tmp_path / "a.ipynb")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert name not in page and page.count("alert(1)") == 5  # four in the cells, one in the title


def test_an_executed_notebook_does_not_say_where_it_lay(tmp_path):
    executed_notebook(tmp_path / "a.ipynb", "a")
    without_paths(tmp_path / "a.ipynb")
    text = (tmp_path / "a.ipynb").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and '"duration": 1' in text


def test_no_committed_result_names_a_path_of_a_machine():
    files = [
        path
        for folder in ("figures", "tests/golden")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    ]
    named = [
        path
        for path in files
        if re.search(rb"/(?:home|root|Users|work|tmp|mnt)/", path.read_bytes())
    ]
    assert len(files) > 20 and named == []
