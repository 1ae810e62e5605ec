"""Organs: the label ids of FLARE22 and AMOS, the paper's column order, and one colour per organ.

Label ids follow the label files of the two public data sets; both agree with the numbering of the
released code. `Organ.column` is the abbreviation that the paper prints above the organ's column.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Organ:
    """An organ and how it is shown and scored.

    `column` is the paper's abbreviation, `colour` the display colour (hex RGB) and `tolerance_mm`
    the tolerance of the surface for the normalised surface Dice.
    """

    name: str
    column: str
    colour: str
    tolerance_mm: float


@dataclass(frozen=True)
class OrganSet:
    """The labels of one data set.

    `by_label` maps label id (1 ... K-1; 0 is background) to organ. `column_order` lists the label
    ids in the order of table columns; if it is empty, columns follow the ids.
    """

    dataset: str
    by_label: dict[int, Organ]
    column_order: tuple[int, ...] = ()

    @property
    def num_classes(self) -> int:
        """K: the number of organs plus 1 for the background."""
        return len(self.by_label) + 1

    @property
    def in_order(self) -> list[tuple[int, Organ]]:
        """(label, organ) pairs by rising label, the order of all arrays (K-1,)."""
        return sorted(self.by_label.items())

    @property
    def column_labels(self) -> tuple[int, ...]:
        """The label ids in the order of table columns."""
        return self.column_order or tuple(sorted(self.by_label))

    @property
    def column_names(self) -> list[str]:
        """The full names of the organs, in the order of table columns."""
        return [self.by_label[label].name for label in self.column_labels]

    @property
    def columns(self) -> list[str]:
        """The column headings, in the order of table columns."""
        return [self.by_label[label].column for label in self.column_labels]

    def label_of(self, name: str) -> int:
        """The label id of the organ called `name`; raises KeyError if this data set lacks it."""
        labels = {organ.name: label for label, organ in self.by_label.items()}
        return labels[name]


# Tolerances are those of the FLARE22 challenge. The AMOS challenge does not publish its own, so the
# organs that only AMOS has take the tolerances of similar organs.
# No two colours look alike with any common form of colour vision; a test simulates them.
LIVER = Organ("liver", "Liv", "#AA4499", 5)
SPLEEN = Organ("spleen", "Spl", "#4477AA", 3)
STOMACH = Organ("stomach", "Sto", "#DDCC77", 5)
LEFT_KIDNEY = Organ("left kidney", "L.kid", "#117733", 3)
RIGHT_KIDNEY = Organ("right kidney", "R.kid", "#88CC88", 3)
AORTA = Organ("aorta", "Aor", "#CC3311", 2)
PANCREAS = Organ("pancreas", "Pan", "#EE9933", 5)
INFERIOR_VENA_CAVA = Organ("inferior vena cava", "IVC", "#33BBEE", 2)
DUODENUM = Organ("duodenum", "Duo", "#DDAACC", 7)
GALLBLADDER = Organ("gallbladder", "Gal", "#44AA99", 2)
OESOPHAGUS = Organ("oesophagus", "Eso", "#882255", 3)
RIGHT_ADRENAL = Organ("right adrenal gland", "RAG", "#FFEE33", 2)
LEFT_ADRENAL = Organ("left adrenal gland", "LAG", "#999933", 2)
BLADDER = Organ("bladder", "Bla", "#9933FF", 3)
PROSTATE_UTERUS = Organ("prostate/uterus", "P/U", "#332288", 3)
