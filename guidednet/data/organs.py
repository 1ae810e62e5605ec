"""The organs: label ids of FLARE22 and AMOS, the paper's column order, one colour per organ
everywhere.

Label ids follow the label files of the two public data sets; both agree with the released code's
numbering. `Organ.column` is the abbreviation that the paper prints above the organ's column.
"""

from dataclasses import dataclass

from guidednet.errors import InputError


@dataclass(frozen=True)
class Organ:
    """An organ: its full name, the paper's abbreviation and its display colour (hex RGB)."""

    name: str
    column: str
    colour: str


@dataclass(frozen=True)
class OrganSet:
    """The labels of one data set.

    `by_label` maps label id (1 ... K-1; 0 is background) to organ; `paper_order` lists the label
    ids in the order of the paper's table columns.
    """

    dataset: str
    by_label: dict[int, Organ]
    paper_order: tuple[int, ...]

    @property
    def num_classes(self) -> int:
        """K: the organs and the background."""
        return len(self.by_label) + 1

    @property
    def columns(self) -> list[str]:
        """The paper's column heads, in the paper's order."""
        return [self.by_label[label].column for label in self.paper_order]

    def label_of(self, name: str) -> int:
        """The label id of the organ called `name`; raises KeyError for another data set's organ."""
        labels = {organ.name: label for label, organ in self.by_label.items()}
        return labels[name]


# No two look alike with any of the common forms of colour vision; a test simulates them.
LIVER = Organ("liver", "Liv", "#AA4499")
SPLEEN = Organ("spleen", "Spl", "#4477AA")
STOMACH = Organ("stomach", "Sto", "#DDCC77")
LEFT_KIDNEY = Organ("left kidney", "L.kid", "#117733")
RIGHT_KIDNEY = Organ("right kidney", "R.kid", "#88CC88")
AORTA = Organ("aorta", "Aor", "#CC3311")
PANCREAS = Organ("pancreas", "Pan", "#EE9933")
INFERIOR_VENA_CAVA = Organ("inferior vena cava", "IVC", "#33BBEE")
DUODENUM = Organ("duodenum", "Duo", "#DDAACC")
GALLBLADDER = Organ("gallbladder", "Gal", "#44AA99")
OESOPHAGUS = Organ("oesophagus", "Eso", "#882255")
RIGHT_ADRENAL = Organ("right adrenal gland", "RAG", "#FFEE33")
LEFT_ADRENAL = Organ("left adrenal gland", "LAG", "#999933")
BLADDER = Organ("bladder", "Bla", "#9933FF")
PROSTATE_UTERUS = Organ("prostate/uterus", "P/U", "#332288")

FLARE22 = OrganSet(
    dataset="flare22",
    by_label={
        1: LIVER,
        2: RIGHT_KIDNEY,
        3: SPLEEN,
        4: PANCREAS,
        5: AORTA,
        6: INFERIOR_VENA_CAVA,
        7: RIGHT_ADRENAL,
        8: LEFT_ADRENAL,
        9: GALLBLADDER,
        10: OESOPHAGUS,
        11: STOMACH,
        12: DUODENUM,
        13: LEFT_KIDNEY,
    },
    paper_order=(1, 3, 11, 13, 2, 5, 4, 6, 12, 9, 10, 7, 8),
)

AMOS = OrganSet(
    dataset="amos",
    by_label={
        1: SPLEEN,
        2: RIGHT_KIDNEY,
        3: LEFT_KIDNEY,
        4: GALLBLADDER,
        5: OESOPHAGUS,
        6: LIVER,
        7: STOMACH,
        8: AORTA,
        9: INFERIOR_VENA_CAVA,
        10: PANCREAS,
        11: RIGHT_ADRENAL,
        12: LEFT_ADRENAL,
        13: DUODENUM,
        14: BLADDER,
        15: PROSTATE_UTERUS,
    },
    paper_order=(6, 7, 1, 3, 2, 8, 14, 9, 10, 13, 15, 4, 5, 11, 12),
)

ORGAN_SETS = {organ_set.dataset: organ_set for organ_set in (FLARE22, AMOS)}


def organ_set(dataset: str) -> OrganSet:
    """The labels of the data set called `dataset`; raises InputError for an unknown name."""
    if dataset not in ORGAN_SETS:
        raise InputError(f"unknown data set '{dataset}': use one of {', '.join(ORGAN_SETS)}")
    return ORGAN_SETS[dataset]
