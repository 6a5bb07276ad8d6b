"""The options of each command: one module a verb, `add(parser)`.

What a command runs, and with it PyTorch and pandas, is imported only once its options were
understood: help comes at once.
"""
