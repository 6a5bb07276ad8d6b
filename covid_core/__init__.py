"""Chest radiograph in; normal, other pneumonia or COVID-19, and the reason, out. Research use only.

from covid_core import Predictor, read_radiograph
predictor = Predictor.load("weights")
prediction = predictor.predict(read_radiograph(data))
"""
