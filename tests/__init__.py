"""The tests, one module for each of the project's, drawing their own films."""

import covid_core.model.torchvision_ops  # noqa: F401  (before any test imports torchvision)
