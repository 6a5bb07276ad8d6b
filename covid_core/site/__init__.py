"""A hospital's own films or scores to its own operating point.

scores          a table, or films in folders, to labels and scores
validation      labels and scores to figures, and to a threshold that holds a promised recall
profile         both, bound to the weights that they were measured with
figures         the validation's plots
"""
