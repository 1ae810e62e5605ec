"""The organs: label ids of FLARE22 and AMOS, the paper's column order, one colour per organ
everywhere.

Label ids follow the label files of the two public data sets; both agree with the released code's
numbering. `Organ.column` is the abbreviation that the paper prints above the organ's column.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Organ:
    """An organ: its full name, the paper's abbreviation and its display colour (hex RGB) and the
    tolerance of its surface (normalised surface Dice)."""

    name: str
    column: str
    colour: str
    tolerance_mm: float


@dataclass(frozen=True)
class OrganSet:
    """The labels of one data set.

    `by_label` maps label id (1 ... K-1; 0 is background) to organ; `column_order` lists the
    label ids in the order of table columns, all by rising id where it is empty.
    """

    dataset: str
    by_label: dict[int, Organ]
    column_order: tuple[int, ...] = ()

    @property
    def num_classes(self) -> int:
        """K: the organs and the background."""
        return len(self.by_label) + 1

    @property
    def in_order(self) -> list[tuple[int, Organ]]:
        """(label, organ) by rising label, which is the order of all arrays (K-1,)."""
        return sorted(self.by_label.items())

    @property
    def column_labels(self) -> tuple[int, ...]:
        """The label ids in the order of table columns."""
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
        """The label id of the organ called `name`; raises KeyError for another data set's organ."""
        labels = {organ.name: label for label, organ in self.by_label.items()}
        return labels[name]


# Tolerances are those of the FLARE22 challenge; for AMOS's further organs, whose challenge's own are
# not public, those of like organs.
# No two colours look alike with any of the common forms of colour vision; a test simulates them.
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
