"""An archive scored on many machines by Ray, from any filesystem into a table in parts.

An optional extra. It uses `batch` for the films of each part.
"""
