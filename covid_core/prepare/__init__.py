"""From a radiograph to the network's input, the same in training and in use; parts of it hidden.

It uses what was read, and knows no network.
"""
