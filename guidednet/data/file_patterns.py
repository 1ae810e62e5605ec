"""Finds the patterns by which the images and labels of a folder are called."""

import re
from collections import defaultdict
from pathlib import Path

from guidednet.data.file_kinds import with_plain_ending
from guidednet.errors import InputError

LABEL_WORDS = ("label", "seg", "mask", "annotation", "gt")


def find_patterns(folder: Path, files: list[Path]) -> tuple[str, str | None]:
    """The pattern of images and that of segmentations (None without any); raises InputError if no
    pattern fits.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for path in files:
        for pattern, case in _candidates(with_plain_ending(path.relative_to(folder).as_posix())):
            groups[pattern].add(case)
    labels = {pattern: cases for pattern, cases in groups.items() if _means_label(pattern)}
    images = {pattern: cases for pattern, cases in groups.items() if pattern not in labels}
    if not images:
        raise InputError(
            f"{folder}: which files are images is not clear; give --images '{{case}}...'"
        )
    best = max(
        images, key=lambda pattern: (_partners(images[pattern], labels), *_rank(images, pattern))
    )
    partner = max(labels, key=lambda pattern: len(labels[pattern] & images[best]), default=None)
    fits = partner is not None and labels[partner] & images[best]
    return best, _of_all_organs(partner, labels) if fits else None


def _of_all_organs(partner: str, labels: dict[str, set[str]]) -> str:
    """`partner`, or the pattern of one mask per organ if its folder, whose name says that it holds
    labels, holds several files of each case.
    """
    place, _, name = partner.rpartition("/")
    beside = [other for other in labels if other.rpartition("/")[0] == place]
    if len(beside) < 2 or "{case}" not in place or not _means_label(place):
        return partner
    return f"{place}/{{organ}}{''.join(re.findall(r'[.]nii(?:[.]gz)?$', name))}"


def _partners(cases: set[str], labels: dict[str, set[str]]) -> int:
    """How many of the cases have a label by the best pattern of labels."""
    return max((len(cases & found) for found in labels.values()), default=0)


def _rank(groups: dict[str, set[str]], pattern: str) -> tuple[int, int]:
    """More cases first, then the plainer pattern."""
    return len(groups[pattern]), -len(pattern.replace("{case}", ""))


def _candidates(path: str) -> list[tuple[str, str]]:
    """(pattern, case id) for every part of a path that can be the case."""
    parts = path.split("/")
    name, ending = re.fullmatch(r"(.*?)(\.nii(?:\.gz)?)", parts[-1]).groups()
    found = []
    for place, folder in enumerate(parts[:-1]):
        others = [*parts[:place], "{case}", *parts[place + 1 : -1], name + ending]
        found.append(("/".join(others), folder))
    for case, rest in _stems(name):
        found.append(("/".join([*parts[:-1], rest + ending]), case))
    return found


def _stems(name: str) -> list[tuple[str, str]]:
    """(case id, name with {case}) for a file's name: all of it, or what is left without a prefix or
    suffix that says what it is.
    """
    found = [(name, "{case}")]
    words = "|".join((*LABEL_WORDS, "labels", "image", "img", "ct", "scan", "mr", "0000"))
    if match := re.fullmatch(rf"(.+?)([_.-](?:{words}))", name, re.IGNORECASE):
        found.append((match[1], "{case}" + match[2]))
    if match := re.fullmatch(rf"((?:{words})[_.-]?)(.+)", name, re.IGNORECASE):
        found.append((match[2], match[1] + "{case}"))
    return found


def _means_label(pattern: str) -> bool:
    """Whether a pattern's fixed words say that its files are labels."""
    words = re.split(r"[/_.\-]+", pattern.replace("{case}", "").lower())
    return any(word.startswith(LABEL_WORDS) for word in words)
