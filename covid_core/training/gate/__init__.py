"""Training of the gate's network: its films, spoilt and drawn examples, and measures.

It uses the manifest, the augmentation of films and the lung network.
"""
