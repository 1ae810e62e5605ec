"""The exceptions that a user is meant to read."""


class InputError(Exception):
    """Something the user gave cannot be used.

    The message is one sentence that names the file or option and the fix. The command line prints it
    without a traceback and ends with status 2.
    """


class FailedError(Exception):
    """Something that began well has failed: a training that diverges, a notebook with a failing cell.

    The message is one sentence that names it. The command line prints it without a traceback and ends with status 1.
    """
