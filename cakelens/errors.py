"""What can be wrong with what the user gave us. Every message is one line a person can act on."""


class CakeLensError(Exception):
    """Base of all errors the command reports in one line."""
