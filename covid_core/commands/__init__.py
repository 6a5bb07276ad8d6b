"""The commands of `python -m covid_core`, one module a verb; its options are a module of `options`.

They may use every room, and nothing uses them.
"""
