"""From a file's bytes to a `Radiograph`, or to a refusal in words.

What is not trusted is opened here, within limits. It uses the ground and storage, and no network.
"""
