"""Bad input is refused with one sentence."""

import pytest

from guidednet.errors import InputError


def refused(message, call, *arguments):
    """`call` refuses its arguments with one sentence that has `message` in it."""
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert message in str(caught.value) and "\n" not in str(caught.value)
