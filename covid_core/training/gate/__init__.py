"""The gate's network: its films, its spoilt and drawn examples, its training and its measures.

It uses the manifest and what augments and outlines films.
"""
