# make demo   the quickstart: set up, train, compare, say where the report is; OPTIONS are handed to rnnlab run
# make test   set up, then the whole test suite
# make check  style and types
# make setup  the environment alone; PYTHON=python3.13 chooses the interpreter

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.complete
JAX_TESTS := tests/noise tests/cells tests/recurrence tests/layers tests/conformance tests/inspection \
  tests/data/test_*.py tests/training/test_optimizers.py tests/models/test_metrics.py tests/models/test_padding.py

.PHONY: setup demo test check
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "rnnlab needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.13"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(STAMP)
	$(BIN)/rnnlab run configs/quickstart.yaml $(OPTIONS)

test: $(STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/pytest -n 2 --dist worksteal
	KERAS_BACKEND=jax $(BIN)/pytest -n 2 --dist worksteal $(wildcard $(JAX_TESTS))

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
