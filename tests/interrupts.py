"""Ctrl-C for processes that tests start."""

import signal


def heard() -> None:
    """Have Ctrl-C heard, in a child before it begins: a shell's background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
