"""The commands of `python -m covid_core`, one module a verb, imported when it is called.

They may use every room, and nothing uses them.
"""
