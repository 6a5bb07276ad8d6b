"""A radiograph to the network's input, the same in training and in use, and parts of it hidden.

It uses what was read, and knows no network.
"""
