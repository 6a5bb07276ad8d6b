"""Why, and whether to believe it: evidence by zone, tests of the map, shortcuts, known radiographs.

It uses predictions, and gives figures and records, no pictures.
"""
