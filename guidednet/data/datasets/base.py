"""The description of a data set: its organs, its file layout and its synthetic stand-ins."""

from dataclasses import dataclass

from guidednet.data.organs import OrganSet

ENDING = ".nii.gz"


@dataclass(frozen=True)
class Layout:
    """The file layout of a data set's release, as regular expressions for paths in the raw folder.

    Group 1 of `image` and of `label` is the case id. Images that match `labelled` must have a
    label, images that match `unlabelled` have none, and any other image has one if the file exists.
    Cases numbered `first_mri` or higher are not CT. `image_name` is the pattern in words.
    """

    image: str
    label: str
    labelled: str
    unlabelled: str
    image_name: str
    first_mri: int | None = None

    def is_ct(self, case_id: str) -> bool:
        """Whether `case_id` is a CT case, judged by the number at its end."""
        number = case_id.rsplit("_", 1)[-1]
        return self.first_mri is None or not number.isdigit() or int(number) < self.first_mri


@dataclass(frozen=True)
class PhantomForm:
    """How synthetic cases stand in for the data set.

    `field_of_view_mm` gives its highest and lowest plane in the average anatomy, before random
    variation; with `may_cut_pelvis` it may also end within the pelvis. Ids are made from the
    patterns `labelled_id` and `unlabelled_id`; if the two are the same, the numbers of unlabelled
    cases follow those of labelled ones. Labelled cases go to `labelled_folders` (image, label), the
    images of unlabelled cases to `unlabelled_folder`; the name of an image is its case id plus
    `suffix`. With `has_description`, a dataset.json beside them names the labels.
    """

    field_of_view_mm: tuple[float, float]
    labelled_id: str
    unlabelled_id: str
    labelled_folders: tuple[str, str]
    unlabelled_folder: str
    suffix: str = ENDING
    may_cut_pelvis: bool = False
    has_description: bool = False

    def case_id(self, number: int, labelled: int) -> str:
        """The id of case `number` (from 0) if the first `labelled` cases have labels."""
        if number < labelled:
            return self.labelled_id.format(number + 1)
        goes_on = self.labelled_id == self.unlabelled_id
        return self.unlabelled_id.format(number + 1 - (0 if goes_on else labelled))


@dataclass(frozen=True)
class Dataset:
    """A data set. Its name is also that of its folder in the data folder.

    If `hides_labels`, all cases have labels, and those of the training cases that should count as
    unlabelled are hidden, as the paper does with AMOS. If `phantom` is None, no synthetic cases can
    stand in for it.
    """

    name: str
    organs: OrganSet
    layout: Layout
    hides_labels: bool = False
    phantom: PhantomForm | None = None
