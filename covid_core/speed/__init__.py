"""How fast a film is answered: ours beside the plain way, on one machine in one run.

`python -m covid_core bench predict`. The package is for measuring only; nothing else imports it.
"""
