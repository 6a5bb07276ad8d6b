"""How fast a radiograph is read, and training is, on your machine, beside the plain way.

What `python -m covid_core bench` runs. It may use all the rooms below it; only the commands use it.
"""
