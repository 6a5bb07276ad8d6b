"""From a radiograph to a prediction or an abstention: the gate, the lungs, the classifier.

It runs networks through the engines, and writes no text for people.
"""
