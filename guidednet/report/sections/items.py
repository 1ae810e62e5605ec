"""A section for each table and figure of the paper, in the paper's order."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from guidednet import published
from guidednet.report.execute_notebooks import source, title
from guidednet.report.sections.contents import Contents
from guidednet.report.sections.markup import Section, fold, listed, plain_table, text
from guidednet.report.sections.provenance import runs_behind
from guidednet.report.sections.scores import KEYS, cases_of, shown_scores
from guidednet.report.tables.captions import MIXED, caption, caption_parts, counted
from guidednet.report.tables.formats import notes_on_print
from guidednet.report.tables.table import NOT_RUN, RUN_KEYS
from guidednet.study.artefacts import Artefact
from guidednet.study.rows import Row


@dataclass(frozen=True)
class Shown:
    """What a reader sees of an item: its title, one sentence, and the data set of its runs."""

    title: str
    says: str
    dataset: str = ""  # of an item that shows only a part of its notebook's runs
    is_diagram: bool = False  # without runs and without numbers worth showing


# In the paper's order; an item that is not here comes last, under its notebook's title.
SHOWN = {
    "figure1a": Shown(
        "Figure 1a: learning from pseudo-labels",
        "How most methods use unlabelled scans: the network's own outline is taken as the label to "
        "learn from.",
        is_diagram=True,
    ),
    "figure1b": Shown(
        "Figure 1b: organ size and Dice",
        "Each point is an organ: its rank by volume against its rank by Dice, here and in the "
        "paper. On the dotted line both ranks agree.",
    ),
    "figure1c": Shown(
        "Figure 1c: the idea of GuidedNet",
        "What GuidedNet adds: the features of labelled scans, summarised by a Gaussian per organ, "
        "guide and correct what is predicted on unlabelled scans.",
        is_diagram=True,
    ),
    "figure2": Shown(
        "Figure 2: features of labelled and unlabelled scans",
        "For each organ, the Dice, and how far apart the network's features of that organ lie in "
        "labelled and in unlabelled scans. The paper argues that a large distance goes with a low "
        "Dice.",
    ),
    "figure3": Shown(
        "Figure 3: one training step of GuidedNet",
        "From the scans on the left to the loss terms on the right, with the numbers of their "
        "equations. Dashed arrows carry no gradient.",
        is_diagram=True,
    ),
    "table1": Shown(
        "Table 1: all methods on FLARE22",
        "How much each method gains over training on the labelled scans alone (Sup only), on the "
        "same test cases. Large dot: mean; bar: 95 % interval; small dots: the test cases. A "
        "method whose bar crosses the zero line cannot be told from Sup only. In the paper's "
        "column, the bar is the sd over its seeds.",
    ),
    "figure4": Shown(
        "Figure 4: segmentations on FLARE22",
        "The test case with GuidedNet's median Dice. Code places the dashed boxes where the other "
        "methods err most and GuidedNet does not; the dotted box is the opposite case.",
        "flare22",
    ),
    "table2": Shown(
        "Table 2: all methods on AMOS",
        "As Table 1, on the other data set, with fifteen organs.",
    ),
    "figure5": Shown(
        "Figure 5: segmentations on AMOS",
        "As Figure 4, for the median case of AMOS.",
        "amos",
    ),
    "table3": Shown(
        "Table 3: what KT-CPS and 3D-CGMM add",
        "GuidedNet's two parts, the class weighting KT-CPS and the feature model 3D-CGMM, each "
        "added to the method CPS.",
    ),
    "table4": Shown(
        "Table 4: the loss terms of 3D-CGMM",
        "The terms of the feature model's loss, added one after the other to the first.",
    ),
    "figure6": Shown(
        "Figure 6: two settings of GuidedNet",
        "(a) The weight λ_g of the feature model in the loss; (b) the layer of the network whose "
        "features are modelled.",
    ),
    "readings": Shown(
        "Readings: printed equations, released code, and the one used here",
        "GuidedNet as this project reads it, beside the printed equations, each departure of the "
        "released code from them, and all departures together.",
    ),
}
DOTS_PER_INCH, PIXELS_PER_INCH = 300, 135  # of a saved figure, and of the page that shows it
PICTURE, NUMBERS = ("csv", "pdf", "png"), ("csv", "tex", "md")
SCORES = {"method", "n_labeled", "n_unlabeled", "mean_dice", "n_seeds", "n_test_cases"}


def item_sections(contents: Contents) -> list[Section]:
    """A section for every table and figure of the artefacts, in the paper's order."""
    shared = shared_parts(contents)
    return [
        _item_section(name, artefact, contents, shared)
        for name, artefact in _items(contents).items()
    ]


def shared_parts(contents: Contents) -> list[str]:
    """What the captions of all tables and figures with runs have in common."""
    rows = [_rows(name, artefact, contents) for name, artefact in _items(contents).items()]
    parts = [caption_parts(of_one, contents) for of_one in rows if of_one]
    return [part for part in parts[0] if all(part in others for others in parts)] if parts else []


def _items(contents: Contents) -> dict[str, Artefact]:
    """The artefact of each item, in the paper's order."""
    found = {
        name: artefact
        for artefact in contents.artefacts.values()
        for name in dict.fromkeys(Path(file).stem for file in artefact.files)
    }
    return {name: found[name] for name in dict.fromkeys([*SHOWN, *found]) if name in found}


def _item_section(
    name: str, artefact: Artefact, contents: Contents, shared: Sequence[str]
) -> Section:
    shown = SHOWN.get(name) or Shown(title(source(artefact.notebook)), "")
    rows = _rows(name, artefact, contents)
    is_figure = f"{name}.png" in artefact.files
    body = _figure(name, contents) if is_figure else _numbers(name, rows, contents)
    downloads = contents.downloads(name, PICTURE if is_figure else NUMBERS, artefact.notebook)
    parts = [
        f"<p>{text(shown.says)}</p>" if shown.says else "",
        body,
        _small_print(rows, contents, shared),
        downloads,
        "" if shown.is_diagram or not is_figure else _behind(name, contents),
        _in_print(name),
        runs_behind(name, rows, contents),
    ]
    return Section(name, shown.title, "\n".join(filter(None, parts)), level=3)


def _rows(name: str, artefact: Artefact, contents: Contents) -> list[Row]:
    """The rows that an item shows: none of a diagram, and of a table those in its file."""
    shown, rows = SHOWN.get(name, Shown("", "")), contents.rows(artefact)
    table = _csv(name, contents)
    if table is not None and set(table) >= SCORES and not shown.dataset:
        known = set(table[KEYS].itertuples(index=False, name=None))
        rows = [row for row in rows if (row.label, *cases_of(row)) in known] or rows
    kept = [row for row in rows if shown.dataset in ("", row.configs[0].dataset)]
    once: dict[tuple, Row] = {}
    for row in kept:  # the first of those of one name, which is the one in the file
        once.setdefault((row.label, *cases_of(row)), row)
    return [] if shown.is_diagram else list(once.values())


def _figure(name: str, contents: Contents) -> str:
    path = contents.workspace.figure_folder / f"{name}.png"
    if not path.exists():
        return f'<p class="missing">{text(short_name(name))}: {NOT_RUN}</p>'
    picture = path.read_bytes()
    width = round(PIXELS_PER_INCH * int.from_bytes(picture[16:20], "big") / DOTS_PER_INCH)
    data = base64.b64encode(picture).decode()
    said = text(SHOWN[name].title if name in SHOWN else short_name(name))
    return f'<figure><img src="data:image/png;base64,{data}" alt="{said}" width="{width}"></figure>'


def _numbers(name: str, rows: Sequence[Row], contents: Contents) -> str:
    """A table of scores as a forest plot with the table behind it; another one as it is."""
    table = _csv(name, contents)
    if table is None:
        return f'<p class="missing">{text(short_name(name))}: {NOT_RUN}</p>'
    scores = shown_scores(name, table, rows, contents) if set(table) >= SCORES else ""
    return scores or plain_table(table)


def _csv(name: str, contents: Contents) -> pd.DataFrame | None:
    path = contents.workspace.figure_folder / f"{name}.csv"
    if not path.exists():
        return None
    return pd.read_csv(path).drop(columns=RUN_KEYS, errors="ignore")  # the rows link to their runs


def _behind(name: str, contents: Contents) -> str:
    table = _csv(name, contents)
    if table is None:
        return ""
    return fold(f"Numbers behind {short_name(name)}", plain_table(table))


def _small_print(rows: Sequence[Row], contents: Contents, shared: Sequence[str]) -> str:
    """What only this item rests on, and notes on its runs."""
    if not rows:
        return ""
    own = [part for part in caption_parts(rows, contents) if part not in shared]
    whole = caption("", rows, contents)
    said = "; ".join(own) + ("." if own else "") + (f" {MIXED}" if MIXED in whole.text else "")
    notes = listed(map(text, whole.notes), "notes")
    if MIXED not in whole.text:
        notes = fold(f"{counted([len(whole.notes)], 'note')} on the runs", notes)
    return (f'<p class="small">{text(said)}</p>' if said else "") + notes


def _in_print(name: str) -> str:
    """The published numbers of a table or figure; empty if the paper prints none."""
    if name not in published.FILES:
        return ""
    table = plain_table(published.printed(name).drop(columns="note", errors="ignore"))
    notes = f"<p>{text(notes_on_print(name))}</p>" if notes_on_print(name) else ""
    return fold(f"The paper's {short_name(name)}", table + notes)


def short_name(name: str) -> str:
    """ "Table 1" for table1."""
    named = name.replace("table", "Table ").replace("figure", "Figure ")
    return named[0].upper() + named[1:]
