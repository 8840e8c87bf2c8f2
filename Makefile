# Oncall Intern. `make help` lists what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA_DIR ?= data
ARGS   ?=
STAMP  := $(VENV)/.installed

.PHONY: help setup demo run test test-long check check-external bench bench-retrieval lock clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: $(STAMP)  ## Create .venv, install the locked versions, prepare the model

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	DATA_DIR=$(DATA_DIR) $(BIN)/intern model prepare
	@touch $@

demo: $(STAMP)  ## See it work: a small project, ten new issues, the comments. ARGS="--exit" ends by itself
	@$(BIN)/python -m tests.demo $(ARGS)

run: $(STAMP)  ## Start the server with the settings of .env
	$(BIN)/intern serve $(ARGS)

test: $(STAMP)  ## All tests, on loopback only
	$(BIN)/python -m pytest $(ARGS)

test-long: $(STAMP)  ## The tests that take minutes: a backfill killed twenty times, a storm of webhooks
	$(BIN)/python -m pytest -m long $(ARGS)

check: $(STAMP)  ## Lint, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-external: $(STAMP)  ## Check our GraphQL queries against GitHub's published schema (needs npm)
	$(BIN)/python -m tests.github_simulator.check_schema

bench: $(STAMP)  ## Print speed figures. ARGS="name" picks one
	@$(BIN)/python -m tests.benchmarks $(ARGS)

bench-retrieval: $(STAMP)  ## Replay known duplicates: recall, calibration, ablations, ms per query
	@$(BIN)/python -m tests.benchmarks retrieval --data-dir $(DATA_DIR)/benchmarks $(ARGS)

lock:  ## Renew the two lock files (needs uv)
	uv pip compile pyproject.toml --extra offline --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-strip-extras --quiet \
	  --custom-compile-command "make lock" -o requirements.lock
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-strip-extras --quiet \
	  --custom-compile-command "make lock" -o requirements-dev.lock

clean:  ## Remove the virtual environment, the folder data/ and caches
	rm -rf $(VENV) data build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
