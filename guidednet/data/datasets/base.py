"""What a data set is: its organs, where its files lie, and what else differs between data sets."""

from dataclasses import dataclass

from guidednet.data.organs import OrganSet

ENDING = ".nii.gz"


@dataclass(frozen=True)
class Layout:
    """One data set's release, in regular expressions for paths below the raw folder.

    Group 1 of `image` and of `label` is the case id; images that match `labelled` must have a
    label, images that match `unlabelled` have none, any other has one if it is there. Cases
    numbered `first_mri` or higher are no CT. `image_name` is the pattern in words.
    """

    image: str
    label: str
    labelled: str
    unlabelled: str
    image_name: str
    first_mri: int | None = None

    def is_ct(self, case_id: str) -> bool:
        """Whether the number at the end of a case id is one of CT."""
        number = case_id.rsplit("_", 1)[-1]
        return self.first_mri is None or not number.isdigit() or int(number) < self.first_mri


@dataclass(frozen=True)
class PhantomForm:
    """How synthetic cases stand in for the data set.

    `field_of_view_mm` are its highest and lowest plane in the average anatomy, before they vary; it
    may also end within the pelvis where `may_cut_pelvis`. Ids are made from the patterns
    `labelled_id` and `unlabelled_id`; numbers of unlabelled cases go on after those of labelled ones
    where both patterns are the same. Files of labelled and of unlabelled cases go to the (image,
    label) folders; an image's name is its case id and `suffix`. `has_description`: a dataset.json
    that names the labels lies beside them.
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
        """The id of case `number` (from 0) where the first `labelled` have labels."""
        if number < labelled:
            return self.labelled_id.format(number + 1)
        goes_on = self.labelled_id == self.unlabelled_id
        return self.unlabelled_id.format(number + 1 - (0 if goes_on else labelled))


@dataclass(frozen=True)
class Dataset:
    """A data set. Its name is that of its folder in the data folder.

    `hides_labels`: all its cases have labels, and those of the training cases that are not to be
    labelled are hidden, as the paper does with AMOS. `phantom` None: no synthetic cases can stand in
    for it.
    """

    name: str
    organs: OrganSet
    layout: Layout
    hides_labels: bool = False
    phantom: PhantomForm | None = None
