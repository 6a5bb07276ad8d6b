"""Tests of what a result becomes outside the program."""
