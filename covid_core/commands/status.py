"""Exit statuses, the same for every command."""

DONE, SOME_FAILED, WRONG_USE = 0, 1, 2
