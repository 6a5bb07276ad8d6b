"""What the figures come to, for people: the model's card, the comparison and the audit as pages.

It uses what evaluation measured, and measures nothing.
"""
