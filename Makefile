# The two commands of the README. Everything happens in .venv in this folder; `make clean` undoes it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint lock docs docs-serve docs-generate clean train-deid

demo: $(VENV)/.demo
	$(BIN)/osler demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 3 --dist loadgroup

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writes the two locks anew: what a plain install with PostgreSQL takes, and what builds the wheel; versions with hashes.
# Pins that still fit stay; `make lock UPGRADE=--upgrade` takes the newest. No mirror of yours gets into them.
LOCKING = $(BIN)/uv pip compile --quiet --no-config --default-index https://pypi.org/simple --no-emit-index-url \
	--universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock' $(UPGRADE)

lock: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'
	$(LOCKING) pyproject.toml --extra postgres --output-file requirements.lock
	printf 'hatchling>=1.27\n' | $(LOCKING) - --output-file requirements-build.lock

# The documentation site, in site/. It needs the network to install mkdocs only; the site itself needs none.
docs: $(VENV)/.docs
	$(BIN)/mkdocs build --strict

docs-serve: $(VENV)/.docs
	$(BIN)/mkdocs serve --strict --dev-addr 127.0.0.1:8000

# Writes anew what the documentation takes from the code: the tables of the reference, the pictures.
docs-generate: $(VENV)/.demo
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/pictures/draw.py

# Trains the two taggers of de-identification anew, from the templates and the seed in this repository (about half an
# hour on two cores). torch is needed for this alone.
train-deid: $(VENV)/.test
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python training/deid/train.py --model full --output src/osler/deid/data/tagger.npz
	$(BIN)/python training/deid/train.py --model small --output src/osler/deid/data/tagger_small.npz

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Osler needs Python 3.11 or newer; name one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV) || { rm -f $@; exit 1; }

$(VENV)/.demo: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.docs: pyproject.toml $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist site
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
