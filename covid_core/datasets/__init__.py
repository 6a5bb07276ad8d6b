"""From folders of radiographs to rows that training and evaluation trust, with a clean split.

It reads radiographs, and uses no network.
"""
