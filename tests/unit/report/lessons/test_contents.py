"""The list of notebooks: all of them, with links and recorded minutes."""

from guidednet.report.lessons.contents import contents
from guidednet.runs.store import RunStore
from guidednet.study.artefacts import ARTEFACTS
from guidednet.support.files import write_json
from helpers.written_runs import workspace


def test_all_notebooks_are_listed_with_what_is_known(tmp_path):
    room = workspace(tmp_path)
    write_json(room.report_folder / "notebooks" / "30_slice_viewer.json", {"seconds": 150.0})
    lines = contents(RunStore(room), seeds=1).splitlines()[2:]
    assert len(lines) == len(ARTEFACTS) == 20
    (viewer,) = [line for line in lines if "30_slice_viewer.ipynb" in line]
    assert viewer == "| [30](30_slice_viewer.ipynb) | Slice viewer | - | 2.5 |"
