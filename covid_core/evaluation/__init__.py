"""Honest figures: what the network does on films it never saw, with intervals."""
