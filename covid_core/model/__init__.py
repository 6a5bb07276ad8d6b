"""The networks, what decides on their answers, and the cards and tensors in which they are kept.

It uses prepared inputs, and runs no network on a radiograph by itself.
"""
