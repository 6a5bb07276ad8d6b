"""An archive scored on many machines by Ray, from any filesystem into a Delta Lake table.

An optional extra. It uses `batch` for the films of each part.
"""
