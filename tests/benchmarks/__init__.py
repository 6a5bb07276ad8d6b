"""Pieces of the benchmarks that could be wrong without anybody noticing. No timing."""
