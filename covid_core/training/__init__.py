"""What `train.py` drives: films in memory, augmentation, the loop and its checkpoints."""
