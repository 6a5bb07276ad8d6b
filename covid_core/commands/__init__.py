"""The commands of `python -m covid_core`: `options` has a module a verb with what it can be told,
and beside it here is the module that does it.

They may use every room, and nothing uses them.
"""
