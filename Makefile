PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
QUICK := $(addprefix tests/,model core wire backends test_layers.py test_public_face.py)

.PHONY: demo test quick lint bench clean

# Python keeps what it compiles, also where the environment says otherwise: the tests' processes share it.
export PYTHONDONTWRITEBYTECODE :=

# One virtual environment serves every target; it is brought up to date when the package's needs change.
# What an earlier build described here would count as a second installation.
INSTALL = rm -rf *.egg-info && $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable
NEEDS := setup.cfg setup.py pyproject.toml assetmeta/version.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo-ready: $(NEEDS) | $(BIN)/python
	$(INSTALL) '.[sandbox]'
	touch $@

$(VENV)/ready: $(NEEDS) | $(BIN)/python
	$(INSTALL) '.[test]'
	touch $@

$(VENV)/lint-ready: $(VENV)/ready
	$(INSTALL) '.[test,lint]'
	touch $@

$(VENV)/bench-ready: $(VENV)/ready
	$(INSTALL) '.[test,bench]'
	touch $@

demo: $(VENV)/demo-ready
	$(BIN)/python examples/demo.py

test: $(VENV)/ready
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --hypothesis-profile=repeatable

# What needs no server, in seconds.
quick: $(VENV)/ready
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --hypothesis-profile=repeatable -m quick $(QUICK)

lint: $(VENV)/lint-ready
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

bench: $(VENV)/bench-ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
