"""A hospital's own radiographs or scores to its own operating point.

It uses decisions and plots, and no network.

scores          a table, or films in folders, to labels and scores
validation      labels and scores to figures, and to a threshold that holds a promised recall
profile         both, bound to the weights that they were measured with
plots           the validation's plots
"""
