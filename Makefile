# make demo   the quickstart: set up, train, compare, say where the report is; OPTIONS are handed to rnnlab run
# make test   set up, then the tests that prove everything once: every cell, scheme, source, verb and backend
# make test-all  every test; make test-rest  what make test leaves out; PART=2/3  of its files the second of three parts
# make check  style and types
# make docs   the documents as a site that reads without a network, build/site
# make setup  the environment alone; PYTHON=python3.13 chooses the interpreter

PYTHON ?= python3
BIN := .venv/bin
# Python compiles what it imports, and keeps that unless told not to: compiling all that is installed would only take longer.
COMPILE := $(if $(PYTHONDONTWRITEBYTECODE),--compile,--no-compile)
STAMP := .venv/.complete
# What depends on the backend. Sites and the table of schemes do not, nor do data but for their last step.
JAX_TESTS := $(addprefix tests/noise/test_,distribution_settings.py own_distributions.py sampling.py schemes.py) \
  $(addprefix tests/cells/test_,further_cells.py registered.py weights.py) tests/recurrence tests/layers tests/data/test_feed.py \
  $(addprefix tests/inspection/test_,evaluation.py flow.py gates.py heads.py montecarlo.py snapshot.py) \
  tests/training/test_optimizers.py tests/models/test_metrics.py tests/models/test_padding.py \
  "tests/training/test_program.py::test_several_steps_a_call_change_no_bit[graph]" \
  tests/training/test_program.py::test_rates_are_inputs_of_a_program \
  tests/training/test_program.py::test_a_run_that_diverges_inside_a_call_ends_with_that_step \
  tests/training/test_resume.py::test_a_run_that_is_killed_between_calls_of_several_steps_goes_on_to_the_same_bits \
  tests/data/test_beside.py tests/data/test_dataset.py "tests/data/test_every_source.py::test_every_verb_runs_on_every_source[table]"
# Every cell and scheme by its equation, noise, data, one graph of steps, one experiment.
JAX_SHORT := tests/layers/test_equations.py tests/noise/test_sampling.py tests/data/test_feed.py \
  tests/recurrence/test_fast_against_loop.py::test_in_one_compiled_graph \
  tests/study/test_study.py::test_runs_are_a_table_with_metrics_and_the_settings_that_differ
TWO := -n 2 --dist worksteal
# On two cores too: many of the long tests wait, for a browser, a server or a process.
THREE := -n 3 --dist worksteal
LONG := slow or process or browser or cluster
PART := 1/1

.PHONY: setup demo test test-rest test-all check docs
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "rnnlab needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.13"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(COMPILE) --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(STAMP)
	$(BIN)/rnnlab run configs/quickstart.yaml $(OPTIONS)

test: $(STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/pytest $(TWO) -m "not ($(LONG))"
	KERAS_BACKEND=jax $(BIN)/pytest $(TWO) -m "not ($(LONG))" $(JAX_SHORT)

test-rest: $(STAMP)
	KERAS_BACKEND=tensorflow $(BIN)/pytest $(THREE) --part $(PART) -m "$(LONG)"
	KERAS_BACKEND=jax $(BIN)/pytest $(TWO) --part $(PART) --proven "$(JAX_SHORT)" $(JAX_TESTS)

test-all: test test-rest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)
	mkdir -p build/pages
	ln -sfn ../../docs build/pages/docs
	ln -sfn ../../experiments build/pages/experiments
	ln -sf ../../README.md ../../CONTRIBUTING.md build/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs --quiet build --config-file .ci/mkdocs.yml
	@echo "build/site/index.html"
