.PHONY: help setup app test check bench train wheel api lock sbom
help:  ## List what one does here
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'
setup:  ## Create the environment, with what the tests need
	python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt
app:  ## Open the page
	.venv/bin/streamlit run streamlit_app.py
test:  ## Run the tests
	.venv/bin/python -m pytest
check:  ## Style and types
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
bench:  ## Measure how fast a film is answered, and how fast training is
	.venv/bin/python -m covid_core bench predict
	.venv/bin/python -m covid_core bench train
train:  ## Train on DATA=folder
	.venv/bin/python train.py --data $(DATA)
wheel:  ## Build the wheel into out/dist
	.venv/bin/pip wheel . --no-deps --wheel-dir out/dist
api:  ## Write the API's documentation into out/api
	.venv/bin/python -m docs.api
lock:  ## Write requirements*.txt and the lock files anew, from pyproject.toml
	.venv/bin/python -m supply.lock
sbom:  ## List what it is made of, and what is known against that
	.venv/bin/python -m supply.sbom && .venv/bin/python -m supply.advisories
