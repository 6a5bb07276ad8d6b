"""Many radiographs: one after the other, as a list, by several networks, or a folder of a million.

It uses all that reads and presents a single one, on one machine.
"""
