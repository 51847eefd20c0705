"""Errors caused by a user's input or by the machine: shown as a message, never as a traceback."""


class UserError(Exception):
    """Input that cannot be used; the message says what is wrong, what was expected, what came, and where."""


class StorageError(UserError):
    """A disk that is full or refuses; nothing is half-written, and the same command resumes once the disk works again."""
