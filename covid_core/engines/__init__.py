"""What runs the networks: OpenVINO on an exported graph, or PyTorch, the reference.

It uses the networks and their files, and knows no radiograph.

Each gives the same arrays within a bound that the tests hold, so nothing above here knows which it
is. `choice` picks; `graphs` exports a network once and keeps the graph beside its weights.
"""
