"""What a data set is: its organs, where its files lie, its intensities, its phantoms."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from guidednet.data.organs import OrganSet

ENDING = ".nii.gz"
Modality = Literal["CT", "MR"]


@dataclass(frozen=True)
class Layout:
    """Where the files of a data set lie below its folder.

    `images` and `segmentations` are patterns with one `{case}`, the case id; `*` stands for any
    text within a name, a leading `**/` for any folders. `{organ}` in a pattern of segmentations
    means one mask per organ: `masks` gives, for each label, the names of the files that are merged
    into it. `table` is a CSV file that lists the cases instead. Images that match `always_labelled`
    must have a segmentation, those that match `never_labelled` have none. Cases whose number is
    `numbers_below` or higher are left out.
    """

    images: tuple[str, ...] = ()
    segmentations: tuple[str, ...] = ()
    masks: tuple[tuple[int, tuple[str, ...]], ...] = ()
    table: str | None = None
    always_labelled: tuple[str, ...] = ()
    never_labelled: tuple[str, ...] = ()
    numbers_below: int | None = None

    def is_taken(self, case_id: str) -> bool:
        """Whether the number at the end of a case id is below `numbers_below`."""
        number = case_id.rsplit("_", 1)[-1]
        return (
            self.numbers_below is None or not number.isdigit() or int(number) < self.numbers_below
        )


@dataclass(frozen=True)
class PhantomForm:
    """How synthetic cases stand in for a data set.

    `field_of_view_mm` are its highest and lowest plane in the average anatomy, before they vary; it
    may also end within the pelvis if `may_cut_pelvis`. Ids are made from the patterns `labelled_id`
    and `unlabelled_id`; if both are the same, numbers of unlabelled cases continue those of the
    labelled ones. Files of labelled cases go to the (image, label) folders; an image's name is its
    case id and `suffix`. `has_description`: a dataset.json that names the labels lies beside them.
    `several_centres`: all cases come from several centres, not the unlabelled ones alone.
    """

    field_of_view_mm: tuple[float, float]
    labelled_id: str
    unlabelled_id: str
    labelled_folders: tuple[str, str]
    unlabelled_folder: str
    suffix: str = ENDING
    may_cut_pelvis: bool = False
    has_description: bool = False
    several_centres: bool = False

    def case_id(self, number: int, labelled: int) -> str:
        """The id of case `number` (from 0) if the first `labelled` have labels."""
        if number < labelled:
            return self.labelled_id.format(number + 1)
        continues = self.labelled_id == self.unlabelled_id
        return self.unlabelled_id.format(number + 1 - (0 if continues else labelled))


@dataclass(frozen=True)
class Dataset:
    """A data set, as its description says; `parse` makes one from that, so that what a data set
    does and what its records and models carry (`document`, the description as JSON) are the same.

    Intensities are clipped to `hu_window` (None: not at all, as for MR), then scaled by their
    `percentiles`. `spacing_mm` is the voxel size (z,y,x) to train at, None for the profile's.
    `hides_labels`: unlabelled training cases are labelled ones whose label is hidden, as the paper
    does with AMOS. `published_split` names a list of cases that comes with the package.
    `phantom` None: no synthetic cases can stand in for it. `folder` holds the data of a description
    that lies beside them; others lie in the data folder, under their name.
    """

    name: str
    organs: OrganSet
    layout: Layout
    document: str
    modality: Modality = "CT"
    hu_window: tuple[float, float] | None = (-325.0, 325.0)
    percentiles: tuple[float, float] = (0.5, 99.5)
    spacing_mm: tuple[float, float, float] | None = None
    hides_labels: bool = False
    published_split: str | None = None
    phantom: PhantomForm | None = None
    folder: Path | None = None
