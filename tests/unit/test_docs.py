"""README.md and docs/ say what is there: links lead somewhere, commands exist, and numbers are those
of the files.
"""

import re
import shlex
import subprocess
from functools import cache

import pandas as pd
import pytest

from benchmarks.__main__ import available
from guidednet.cli.parser import parser
from guidednet.data.datasets import DATASETS
from guidednet.evaluation.statistics import rank_correlation
from guidednet.methods import method_class
from guidednet.report.execute_notebooks import source
from guidednet.report.tables.agreement import agreement_table, by_machine
from guidednet.runs.profiles import profile
from guidednet.runs.record import RecordedRuns
from guidednet.study.artefacts import artefacts
from guidednet.study.real_ct import runs_in, shipped_rows
from helpers.docs import BLOCK, PAGES, README, blocks, text_of
from helpers.paths import ROOT

PAGE_NAMES = [path.name for path in PAGES]
ENDS = ("low", "high")  # of an interval
MOST_WORDS = 900
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
INLINE = re.compile(r"`([^`\n]+)`")
# What the package keeps in folders, and where a reader of the paper looks for it: three files, the
# word that stands beside the way to each, and a line that it holds.
SOUGHT = {
    "guidednet/cgmm/gaussians.py": ("eq. 6", "eq. 6: G_kv"),
    "guidednet/metrics/overlap.py": ("Dice", "def dice("),
    "guidednet/data/sampling.py": ("crops", "def random_crop("),
}


def prose(path):
    """The text without its blocks of code."""
    return BLOCK.sub("", text_of(path))


def links(path):
    """(text, target, anchor) of every link to a file of the repository."""
    found = []
    for text, target in LINK.findall(prose(path)):
        if not re.match(r"\w+://|mailto:", target):
            file, _, anchor = target.partition("#")
            found.append((text, (path.parent / file).resolve() if file else path, anchor))
    return found


def anchors(path):
    """What headings are called in links, as GitHub has it."""
    heads = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_readme_is_read_in_minutes():
    assert len(text_of(README).split()) <= MOST_WORDS


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_links_lead_to_files_of_the_repository(path):
    broken = [
        f"{text}: {target}"
        for text, target, anchor in links(path)
        if not (target.is_relative_to(ROOT) and target.exists())
        or (anchor and anchor not in anchors(target))
    ]
    assert not broken


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_a_link_that_is_called_as_a_file_leads_there(path):
    wrong = [
        f"{text} -> {target}"
        for text, target, _ in links(path)
        if re.fullmatch(r"[\w/\\]+\.\w+", text) and not target.match(text.replace("\\", ""))
    ]
    assert not wrong


def test_every_page_is_linked_from_the_readme():
    assert {target for _, target, _ in links(README)} >= set(PAGES) - {README}


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_paths_in_backticks_exist(path):
    assert [line for line in prose(path).splitlines() if line.count("`") % 2] == [], (
        "code that is broken over two lines"
    )
    named = [
        name
        for name in INLINE.findall(prose(path))
        if re.fullmatch(r"(?:guidednet|notebooks|figures|docs|tools|benchmarks)/[\w./-]*", name)
    ]
    assert [name for name in named if not (ROOT / name).exists()] == []
    tests = [name for name in INLINE.findall(prose(path)) if re.fullmatch(r"test_\w+\.py", name)]
    assert [name for name in tests if not any((ROOT / "tests").rglob(name))] == []


def commands(code):
    """The command lines of a block of bash, as lists of words without comments and variables."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words:
            yield words


@cache
def subparsers():
    (action,) = [action for action in parser()._actions if action.dest == "command"]
    return action.choices


def usage():
    return subprocess.run(
        ["bash", ROOT / "reproduce.sh", "--help"], capture_output=True, text=True, check=True
    ).stdout


def guidednet_words(words):
    """What `words` gives to the command guidednet, None where it is another command; whether as
    `bash reproduce.sh` does.
    """
    if words[0] == "guidednet":
        return words[1:]
    if "-m" in words and words[words.index("-m") + 1] == "guidednet":
        return words[words.index("-m") + 2 :]
    if words[:2] == ["bash", "reproduce.sh"]:
        rest = words[2:]
        if not rest or rest[0].startswith("--"):
            return ["reproduce", *rest]
        if rest[0] == "plan":
            return rest
    return None


def check_names(options):
    """Raise InputError for a method, data set, artefact, profile or notebook that is not there."""
    values = vars(options)
    for name in (values.get("methods") or values.get("method") or "cps").split(","):
        if name != "pseudo_label.py:PseudoLabel":  # the reader's own
            method_class(name)
    own = {"mydata", "model.pt"}  # what a reader has
    assert (values.get("dataset") or "amos") in own.union(DATASETS)
    artefacts(values.get("only"), profile(values.get("profile", "quick")))
    if options.command == "notebook":
        source(values["name"])


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_commands_in_blocks_are_understood(path, capsys):
    for words in (words for code in blocks(path, "bash") for words in commands(code)):
        given = guidednet_words(words)
        try:
            if given is not None:
                check_names(parser().parse_args(given))
            elif words[:2] == ["bash", "reproduce.sh"]:
                check_reproduce(words[2], words[3:])
        except SystemExit:
            pytest.fail(f"{shlex.join(words)}: {capsys.readouterr().err}")


def check_reproduce(command, rest):
    """Whether reproduce.sh knows `command` and the options of its own that follow."""
    described = usage().partition("options (")[0]
    assert re.search(rf"^  {command}\b", described, re.MULTILINE), command
    if command == "bench":
        assert set(rest) <= {*available(), "--quick"}
    elif command != "lab":
        assert all(word in described for word in rest if word.startswith("--")), rest


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_commands_in_the_text_name_what_there_is(path):
    for text in INLINE.findall(prose(path)):
        if re.match(r"bash reproduce\.sh|guidednet [a-z]", text):
            words = shlex.split(text)
            given = guidednet_words(words)
            if given is None:
                check_reproduce(words[2], words[3:])
            else:
                known = subparsers()[given[0]]._option_string_actions
                assert {word for word in given if word.startswith("--")} <= set(known), text


def test_the_usage_of_reproduce_sh_names_options_that_there_are():
    described = usage().partition("options (")[2]
    options = set(re.findall(r"^  (--[\w-]+)", described, re.MULTILINE))
    assert options == {
        name for name in subparsers()["reproduce"]._option_string_actions if name.startswith("--")
    } - {"--help"}


def openings(target):
    """How many files one opens after the README until `target` is open, by links alone."""
    reached, depth = {README}, 0
    while target not in reached and depth < 9:
        pages = [path for path in reached if path.suffix == ".md"]
        reached |= {found for path in pages for _, found, _ in links(path) if found.is_file()}
        depth += 1
    return depth


@pytest.mark.parametrize("name", SOUGHT)
def test_equation_6_the_dice_and_the_sampler_are_three_openings_away(name):
    word, line = SOUGHT[name]
    assert openings(ROOT / name) <= 3
    assert line in text_of(ROOT / name)
    (paragraph,) = [
        part
        for part in re.split(r"\n(?=\n|[*\d])", text_of(README))
        if f"]({name})" in part and word in part
    ]
    assert paragraph


def rows_of_results(path):
    """(method, [(mean, low, high) on FLARE22 and on AMOS phantoms]) of a page's table of results."""
    for line in prose(path).splitlines():
        number = r"(\d+\.\d\d)"
        found = re.findall(rf"\| {number} \({number} to {number}\)", line)
        if found:
            yield line.split("|")[1].strip(), [tuple(map(float, numbers)) for numbers in found]


@pytest.mark.parametrize("path", [README, ROOT / "docs" / "notebooks.md"], ids=lambda p: p.name)
def test_results_are_those_of_the_figure_folder(path):
    columns = ["mean_dice", "ci_low", "ci_high"]
    tables = [pd.read_csv(ROOT / "figures" / "quick" / f"table{n}.csv") for n in (1, 2)]
    tenth = [
        table[
            (table["n_labeled"] == table["n_labeled"].min())
            & table["n_unlabeled"].isin([0, table["n_unlabeled"].max()])
        ].set_index("method")
        for table in tables
    ]
    rows = list(rows_of_results(path))
    assert len(rows) >= 3
    for method, shown in rows:
        trained = [table for table in tenth if table.loc[method, "n_seeds"] > 0]
        assert shown == [tuple(table.loc[method, columns]) for table in trained], method


def with_interval(row, name, ends, sign=""):
    """A number of a table's row with its interval; "-" where there is none."""
    value, low, high = (row[f"{part}"] for part in (name, *ends))
    return "-" if pd.isna(value) else f"{value:{sign}.1f} ({low:.1f} to {high:.1f})"


def test_the_readmes_first_table_is_that_of_the_study_on_real_ct():
    study = ROOT / "figures" / "study"
    first, second = (pd.read_csv(study / f"{name}.csv") for name in ("table", "second_device"))
    assert (first["n_seeds"] == 3).all() and (second["n_seeds"] == 3).all()
    assert len(first) == len(second)
    lines = {}
    for _, row in first.merge(second, on=["method", "to_supervised"]).iterrows():
        row = row.rename({f"to_supervised_{end}_x": f"to_supervised_{end}" for end in ENDS})
        gains = [
            with_interval(
                row, f"to_supervised{kind}", [f"to_supervised_{end}{kind}" for end in ENDS], "+"
            )
            for kind in ("", "_again", "_both")
        ]
        lines[row["method"]] = (
            f"| {row['method']} | {row['mean_dice_x']:.1f} | {' | '.join(gains)} |"
        )
    text = prose(README)
    shown = text[text.index("| method | mean, CPU |") :].split("\n\n")[0].splitlines()[2:]
    assert set(shown) <= set(lines.values())
    assert {lines[name] for name in ("Sup only", "CPS", "GuidedNet")} <= set(shown)


def test_the_readme_says_of_guidednet_what_its_intervals_say():
    both = pd.read_csv(ROOT / "figures" / "study" / "second_device.csv").set_index("method")
    ours, text = both.loc["GuidedNet"], " ".join(prose(README).split())
    gain, lead = (
        with_interval(ours, f"{name}_both", [f"{name}_{end}_both" for end in ENDS])
        for name in ("to_supervised", "to_cps")
    )
    assert f"Over both devices GuidedNet gains {gain.replace(' (', ' points (', 1)}" in text
    assert f"Its lead over CPS, {lead.replace(' (', ' points (', 1)}, is within noise" in text
    assert ours["to_supervised_low_both"] > 0 > ours["to_cps_low_both"]
    assert ours["to_supervised_low"] < 0, "on the CPU alone its gain is within noise"
    above = both[(both["n_unlabeled"] > 0) & (both["to_supervised_low_both"] > 0)].index
    assert {"CPS", "FixMatch", "GA-CPS"} == {name for name in above if "GuidedNet" not in name}


def test_the_docs_say_how_far_a_second_device_agrees():
    figures = ROOT / "figures"
    shipped, again = RecordedRuns(runs_in(figures)), figures / "study" / "repeated" / "h200"
    line = by_machine(agreement_table(shipped_rows(), shipped, [again])).iloc[0]
    both = pd.read_csv(figures / "study" / "second_device.csv")
    rho, _, _ = rank_correlation(both["mean_dice"], both["mean_dice_again"])
    said = " ".join(prose(ROOT / "docs" / "the-same-numbers-again.md").split())
    assert f"{line['mean_change']:.1f} points on average and by up to" in said
    assert f"up to {line['largest_change']:.1f}; for {line['spread of seeds']} of the" in said
    assert f"of the {line['runs']} runs" in said and f"Spearman's rho {rho:.2f}" in said


def test_the_docs_say_what_other_numbers_of_labelled_cases_give():
    table = pd.read_csv(ROOT / "figures" / "study" / "by_count.csv")
    ours = table[table["method"] == "GuidedNet"].set_index("n_labeled")
    ends = [f"to_supervised_{end}" for end in ENDS]
    gains = {n: with_interval(ours.loc[n], "to_supervised", ends, "+") for n in (2, 8)}
    said = " ".join(prose(ROOT / "docs" / "real-data.md").split())
    assert f"by {gains[2].replace(' (', ' points (')} with 2 and by {gains[8]} with 8" in said
    assert (ours.loc[[2, 8], "n_seeds"] == 2).all()


def test_the_differences_from_guidednet_are_as_significant_as_the_readme_says():
    said = " ".join(prose(README).split())
    named = " and ".join(f"[Table {n}](figures/quick/table{n}.md)" for n in (1, 2))
    assert f"level throughout {named} (p > 0.05)" in said
    for n in (1, 2):
        rows = pd.read_csv(ROOT / "figures" / "quick" / f"table{n}.csv").query("n_seeds > 0")
        assert rows["p_vs_guidednet"].min() > 0.05


def test_the_docs_say_how_much_the_chosen_step_makes_of_the_differences():
    table = pd.read_csv(ROOT / "figures" / "quick" / "table1.csv").query("n_seeds > 0")
    means = table.set_index("method")[["mean_dice", "last_mean_dice"]]
    to_supervised = means.loc[["MT", "UA-MT", "CPS"]] - means.loc["Sup only"]
    said = " ".join(prose(ROOT / "docs" / "notebooks.md").split())
    first, second, third = (f"{-value:.1f}" for value in to_supervised["mean_dice"])
    assert f"MT, UA-MT and CPS lie {first}, {second} and {third} points below Sup only" in said
    assert "and within 0.2 points of it at the last" in said
    assert to_supervised["last_mean_dice"].abs().max() < 0.2
    assert (means.loc["GuidedNet, as printed"] - means.loc["Sup only"])["mean_dice"] < -3.5


def test_the_docs_say_how_long_the_default_profile_trains():
    training = profile("quick").training
    start, steps = training.warm_start_steps, training.steps
    said = {
        README: f"The default profile adds {steps} steps to a warm start",
        ROOT / "docs" / "notebooks.md": f"{steps} steps after a shared warm start of {start}",
        ROOT / "docs" / "profiles-and-options.md": (
            f"a shared warm start of {start} steps, then {steps} steps per row"
        ),
    }
    for path, sentence in said.items():
        assert sentence in " ".join(prose(path).split()), path.name
