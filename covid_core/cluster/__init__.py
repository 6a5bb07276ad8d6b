"""An archive scored on many machines by Ray, from any filesystem into a table in parts: an optional
extra.

It uses `batch` for the films of each part.
"""
