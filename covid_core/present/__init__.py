"""What was found, in sentences, pictures, plots and pages.

It uses predictions and their explanations, and knows no screen.
"""
