"""What `train.py` drives: films in memory, augmentation, the loop and its checkpoints.

It uses the manifest, and leaves weights with a card.
"""
