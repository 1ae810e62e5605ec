"""Bad input is refused with one sentence."""

import pytest

from guidednet.data.case_store import CaseStore
from guidednet.errors import InputError


def refused(message, call, *arguments):
    """`call` refuses its arguments with one sentence that has `message` in it."""
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def store_with(folder, image):
    """A store of the case a, whose image is the bytes of a file, or missing."""
    (folder / "cases" / "a").mkdir(parents=True)
    (folder / "cases.csv").write_text(
        'case_id,labelled,prepared_image_sha256,spacing\na,False,0,"[5, 3, 3]"\n'
    )
    (folder / "store.json").write_text('{"dataset": "flare22"}')
    if image is not None:
        (folder / "cases" / "a" / "image.npy").write_bytes(image)
    return CaseStore(folder)
