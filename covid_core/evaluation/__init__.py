"""Honest figures: what the network does on radiographs it never saw, with intervals, and its audit.

It uses the manifest and trained weights, and gives figures, no pages.
"""
