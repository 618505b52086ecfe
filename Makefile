# Needs only make and Python >= 3.11 with venv (and a C library that wheels are made for). `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# Without its compiled modules the product takes twice as long to start, and each process of a test does.
unexport PYTHONDONTWRITEBYTECODE

# pip installs only what the lock names, by hash; the second time nothing happens, for the stamp is newer than the lock.
# `run` has what the product needs, `dev` that and what tests and checks need.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
RUN := $(VENV)/.ready-run
DEV := $(VENV)/.ready-dev

.PHONY: help demo install test long check bench fmt lock wheel-check system-deps

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(RUN) ## install what is needed, then the demo: one process, one storm, a simulated outside world
	$(BIN)/jiaoying demo $(ARGS)

install: $(RUN) ## only install what is needed into .venv

test: $(DEV) ## the suite, on SQLite and on a real PostgreSQL it starts itself (page tests: see system-deps)
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

long: $(DEV) ## soak, fuzz, kill storms, many seeds: by hand, result with date in docs/evidence.md
	$(BIN)/pytest -m long --timeout=0 $(ARGS)

check: $(DEV) ## lint, types, import contracts, dependencies, lock, vendored files, Dockerfile, compose file, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry app
	$(BIN)/python scripts/check_lock.py
	$(BIN)/python scripts/vendor.py --check
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/pytest -q -p no:randomly tests/house/test_docs.py tests/house/test_hygiene.py

bench: $(DEV) ## benchmarks: by hand, result with date in docs/evidence.md
	$(BIN)/python -m bench $(ARGS)

fmt: $(DEV) ## format, and mend what a machine can mend
	-$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# Nothing younger than three days goes into the lock; the dev lock takes the run lock's versions.
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--no-annotate --exclude-newer "3 days" --group build
lock: $(DEV) ## write requirements.lock and requirements-dev.lock anew (ARGS=--upgrade for newer versions)
	$(LOCK) $(ARGS) -o requirements.lock
	$(LOCK) $(ARGS) --group dev -c requirements.lock -o requirements-dev.lock

wheel-check: $(DEV) ## build the wheel, install it into an empty venv and run it there
	scripts/wheel_check.sh $(BIN)/python

system-deps: ## Chromium and a CJK font for the page tests (apt; on Debian, as root)
	@if ! command -v apt-get >/dev/null || [ "$$(id -u)" != 0 ]; then \
		echo "make system-deps installs by apt and so needs Debian and root; elsewhere install Chromium and a CJK font (Noto Sans CJK) by hand." >&2; \
		exit 1; \
	fi
	apt-get update -q
	@# The build without a desktop is enough, and quicker; where a distribution has none, the usual one.
	export DEBIAN_FRONTEND=noninteractive; get="apt-get install -y -q --no-install-recommends fonts-noto-cjk"; \
		$$get chromium-headless-shell || $$get chromium

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is older or missing. Say which to take: make PYTHON=python3.12 install" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "$(PYTHON) has no venv with pip; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(RUN): requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing what requirements.lock names (once; about a minute) ..."
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(BIN)/pip
	@echo "Installing what requirements-dev.lock names (once; a minute or two) ..."
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $(RUN) $@
