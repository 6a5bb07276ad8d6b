"""Whole files, typed records, locks, arrays that are kept, and walks through folders.

It knows bytes and paths only, and uses the ground alone.
"""
