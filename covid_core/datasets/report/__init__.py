"""What will mislead a model in a table of films, in one HTML file.

It uses the manifest and its split, and plots.
"""
