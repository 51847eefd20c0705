"""What goes wrong because of what a user gave us: shown as a message, never as a traceback."""


class UserError(Exception):
    """Input that cannot be used; the message says what is wrong, what was expected, what came, and where."""
