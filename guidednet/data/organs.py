"""Organs: names, column heads, colours and surface tolerances, and the labels of a data set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Organ:
    """An organ: its full name, the abbreviation above its column, its display colour (hex RGB) and
    the tolerance of its surface (normalised surface Dice).
    """

    name: str
    column: str
    colour: str
    tolerance_mm: float


@dataclass(frozen=True)
class OrganSet:
    """The labels of one data set.

    `by_label` maps label (1 ... K-1; 0 is background) to organ; `column_order` lists the labels in
    the order of table columns, all by rising label if empty. `file_ids` are the numbers that stand
    for the labels 1 ... K-1 in files, if they are others.
    """

    dataset: str
    by_label: Mapping[int, Organ]
    column_order: tuple[int, ...] = ()
    file_ids: tuple[int, ...] = ()

    @property
    def num_classes(self) -> int:
        """K: the organs and the background."""
        return len(self.by_label) + 1

    @property
    def in_order(self) -> list[tuple[int, Organ]]:
        """(label, organ) by rising label, which is the order of all arrays (K-1,)."""
        return sorted(self.by_label.items())

    @property
    def ids(self) -> tuple[int, ...]:
        """The number of each class in files, the background's 0 first (K,)."""
        return (0, *(self.file_ids or range(1, self.num_classes)))

    @property
    def column_labels(self) -> tuple[int, ...]:
        """The labels in the order of table columns."""
        return self.column_order or tuple(sorted(self.by_label))

    @property
    def column_names(self) -> list[str]:
        """The organs' names, in the order of table columns."""
        return [self.by_label[label].name for label in self.column_labels]

    @property
    def columns(self) -> list[str]:
        """The column heads, in their order."""
        return [self.by_label[label].column for label in self.column_labels]

    def label_of(self, name: str) -> int:
        """The label of the organ called `name`; raises KeyError for another data set's organ."""
        labels = {organ.name: label for label, organ in self.by_label.items()}
        return labels[name]


# The organs of FLARE22 and AMOS under the paper's abbreviations. Tolerances are those of the
# FLARE22 challenge; AMOS's further organs, which have no public ones, have those of similar organs.
# No two colours are alike with any of the common forms of colour vision; a test simulates them.
KNOWN = (
    Organ("liver", "Liv", "#AA4499", 5),
    Organ("spleen", "Spl", "#4477AA", 3),
    Organ("stomach", "Sto", "#DDCC77", 5),
    Organ("left kidney", "L.kid", "#117733", 3),
    Organ("right kidney", "R.kid", "#88CC88", 3),
    Organ("aorta", "Aor", "#CC3311", 2),
    Organ("pancreas", "Pan", "#EE9933", 5),
    Organ("inferior vena cava", "IVC", "#33BBEE", 2),
    Organ("duodenum", "Duo", "#DDAACC", 7),
    Organ("gallbladder", "Gal", "#44AA99", 2),
    Organ("oesophagus", "Eso", "#882255", 3),
    Organ("right adrenal gland", "RAG", "#FFEE33", 2),
    Organ("left adrenal gland", "LAG", "#999933", 2),
    Organ("bladder", "Bla", "#9933FF", 3),
    Organ("prostate/uterus", "P/U", "#66FFCC", 3),
)
SYNONYMS = {
    "esophagus": "oesophagus",
    "postcava": "inferior vena cava",
    "ivc": "inferior vena cava",
    "gall bladder": "gallbladder",
    "urinary bladder": "bladder",
    "prostate or uterus": "prostate/uterus",
    "left adrenal": "left adrenal gland",
    "right adrenal": "right adrenal gland",
}
# For organs that are not known, in this order.
FURTHER_COLOURS = (
    *("#77AADD", "#EE8866", "#BBCC33", "#6699CC", "#994455", "#004488", "#997700", "#EE99AA"),
    *("#225555", "#663333", "#AAAA00", "#CCDDAA", "#555555", "#EECC66", "#222255", "#BB5566"),
)
FURTHER_TOLERANCE_MM = 3.0


def _words(name: str) -> frozenset[str]:
    """What makes a name, whatever its order and punctuation: "kidney_left" is "left kidney"."""
    return frozenset(re.split(r"[\s_,.\-]+", name.strip().lower()))


_BY_WORDS = {_words(organ.name): organ for organ in KNOWN}
_BY_WORDS |= {_words(other): _BY_WORDS[_words(name)] for other, name in SYNONYMS.items()}


def known_organ(name: str) -> Organ | None:
    """The known organ that `name` stands for, whatever the order of its words."""
    return _BY_WORDS.get(_words(name))


def same_organ(name: str, other: str) -> bool:
    """Whether two names stand for one organ: the same words in any order, or synonyms."""
    known = known_organ(name)
    return _words(name) == _words(other) or (known is not None and known is known_organ(other))


def organs_of(names: list[str]) -> list[Organ]:
    """An organ for each of `names`, with the column, colour and tolerance of a known organ, or with
    ones by rule that no other of them has.
    """
    found: list[Organ] = []
    for name in names:
        known = known_organ(name)
        taken = {organ.colour for organ in found}
        column = _column(name, known, {organ.column for organ in found})
        if known is not None and known.colour not in taken:
            found.append(Organ(name, column, known.colour, known.tolerance_mm))
        else:
            found.append(Organ(name, column, _colour(len(found), taken), FURTHER_TOLERANCE_MM))
    return found


def _column(name: str, known: Organ | None, taken: set[str]) -> str:
    if known is not None and known.column not in taken:
        return known.column
    words = [word for word in re.split(r"[\s_,.\-]+", name) if word] or [name]
    first = words[0][:3].capitalize() if len(words) == 1 else "".join(w[0].upper() for w in words)
    numbered = (f"{first}{number}" for number in range(2, 1000))
    return first if first not in taken else next(text for text in numbered if text not in taken)


def _colour(place: int, taken: set[str]) -> str:
    free = [colour for colour in FURTHER_COLOURS if colour not in taken]
    return free[0] if free else f"#{(place * 2654435761) % 0xFFFFFF:06X}"
