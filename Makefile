# Needs only make and Python >= 3.11 with venv. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help fmt check test
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
fmt: ## format and mend what can be mended by machine
	$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .
check: ## lint, types, import contracts, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
test: ## the suite, on SQLite and PostgreSQL
	$(BIN)/pytest
