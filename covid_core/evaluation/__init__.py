"""Honest figures: what the network does on films it never saw, with intervals, and its audit.

It uses the manifest and trained weights, and gives figures, no pages.
"""
