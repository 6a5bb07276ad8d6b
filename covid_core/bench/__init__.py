"""How fast a film is answered, ours beside the plain way on one machine in one run, and how fast
training is.

It is for measuring only, and may use all the rooms; only the commands use it.
"""
