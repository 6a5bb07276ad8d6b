"""A file's bytes to a `Radiograph`, or a refusal in words; what is not trusted is opened here,
within limits.

It uses the ground and storage, and no network.
"""
