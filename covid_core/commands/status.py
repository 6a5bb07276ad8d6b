"""Exit statuses, the same for every command."""

DONE, SOME_FAILED, WRONG_USE = 0, 1, 2
STOPPED = 130  # as shells say it of Ctrl-C
