"""Tests of augmentation, loop and checkpoints."""
