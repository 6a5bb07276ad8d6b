"""The commands of `python -m covid_core`, one module each: `add(commands)` and what it runs. They
may use every room, and nothing uses them.
"""
