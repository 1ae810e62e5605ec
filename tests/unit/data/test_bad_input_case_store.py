"""A damaged array of a store is refused with one sentence."""

import pytest

from helpers.bad_input import refused, store_with


@pytest.mark.parametrize("image", [None, b"", b"\x93NUMPY\x01\x00v\x00{'descr'", b"text"], ids=str)
def test_a_damaged_array_of_a_store_is_one_sentence(image, tmp_path):
    refused(
        "image.npy: is missing or damaged; delete the folder",
        store_with(tmp_path, image).image,
        "a",
    )
