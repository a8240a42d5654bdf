# Tileweave: everything a developer or a CI machine runs. `make help` lists it.
# ARGS is passed on: make demo ARGS=--exit, make test-unit ARGS="-k relink", make lock ARGS=--upgrade.

ARGS ?=
BIN := .venv/bin

# Each recipe runs in POSIX sh, whatever the user's shell.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# `make setup PYTHON=...` names the Python of .venv; without it, the newest that fits is taken.
export PYTHON

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## Make .venv with the locked dependencies, and see to Java and Graphviz
	@scripts/setup-venv.sh
	@scripts/system-tools.sh

.PHONY: demo
demo: setup ## Ingest Denmark locally, from end to end (ARGS=--exit: then stop)
	@$(BIN)/tileweave demo $(ARGS)

.PHONY: test
test: setup ## Run every test, with coverage
	@scripts/test.sh $(ARGS)

.PHONY: test-unit
test-unit: setup ## Run the tests that need neither emulators nor processes
	@$(BIN)/python -m pytest tests/unit $(wildcard tests/property) -m "not emulators and not e2e" $(ARGS)

.PHONY: test-faults
test-faults: setup ## Run the tests that break things on purpose
	@$(BIN)/python -m pytest tests/faults $(ARGS)

.PHONY: bench
bench: setup ## Measure the speed against the bare client calls (ARGS="--quick dot")
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: check
check: setup ## Look over the code: format, lint, types, layers, spelling
	@scripts/check.sh

.PHONY: format
format: setup ## Format the code, and mend what the linter can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

.PHONY: lock
lock: ## Lock the dependencies again (ARGS=--upgrade: to their newest versions)
	@scripts/lock.sh $(ARGS)

.PHONY: clean
clean: ## Remove what was made: .venv, caches, coverage
	@rm -rf .venv .venv.lock .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis \
		.coverage .coverage.* htmlcov build dist shared/*.egg-info emulators/*.egg-info *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
