"""A disk that refuses locks, or writing, is one sentence; a held lock is waited for."""

import errno
import os

import pytest
from filelock import FileLock

from guidednet.errors import InputError
from guidednet.support.locks import locked, told_of_locks


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOLCK, "its disk refuses locks (No locks available)"),
        (errno.EOPNOTSUPP, "its disk refuses locks"),
        (errno.EINVAL, "its disk refuses locks"),
        (errno.EROFS, "cannot be written (Read-only file system)"),
        (errno.EACCES, "cannot be written (Permission denied)"),
    ],
)
def test_a_lock_that_is_refused_is_one_sentence(number, said, tmp_path, monkeypatch):
    def refuse(lock, *arguments, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with pytest.raises(InputError) as caught, locked(tmp_path / "lock"):
        pytest.fail("the block must not run")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_other_errors_are_not_taken_for_a_refused_lock(tmp_path):
    with pytest.raises(OSError, match="Input/output error"), told_of_locks(tmp_path / "lock"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_lock_keeps_others_out_until_the_block_ends(tmp_path):
    with locked(tmp_path / "lock"), pytest.raises(TimeoutError):
        FileLock(tmp_path / "lock", timeout=0).acquire()
    with locked(tmp_path / "lock"):
        pass
