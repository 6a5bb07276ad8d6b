"""From folders of films to rows that training and evaluation trust: one table with a clean split.

It reads radiographs, and uses no network.
"""
