"""Tests of the readers, duplicates, split and cache."""
