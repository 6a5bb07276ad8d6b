"""A radiograph to a prediction or an abstention: the gate, the lungs' outline, the classifier.

It uses networks by way of the engines, and says nothing for people.
"""
