# Every target does all of its own set-up. Needed on a fresh machine: Python 3.11 or newer, make, git.
# The second time is quick: stamp files in .venv remember what was installed from which lock.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
EHR_PORT ?= 9000
FHIR ?=
HAPI_PORT ?= 8090
WORKERS ?= 2
UV_VERSION := 0.13.9
UPGRADE ?=

RUNTIME := $(VENV)/runtime.stamp
TESTING := $(VENV)/testing.stamp

.PHONY: help demo test sure lint check-code check-types check-imports check-library hapi bench mutation torture screenshots lock clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Preceptor needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

# The locks hold setuptools, so the package itself is installed with no further download.
$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(TESTING): requirements-test.lock $(RUNTIME)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

demo: $(RUNTIME) ## A sandbox EHR and Preceptor in its sidebar. FHIR=URL for another FHIR server, PORT=, EHR_PORT=
	$(BIN)/preceptor demo --port $(PORT) --ehr-port $(EHR_PORT) $(if $(FHIR),--fhir $(FHIR))

test: $(TESTING) ## All tests; what the machine lacks is skipped with a line on how to get it
	.ci/packages tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q -rs $(PYTEST)

lint: check-code check-types check-imports check-library

check-code: $(TESTING)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: $(TESTING)
	$(BIN)/mypy

check-imports: $(TESTING)
	$(BIN)/lint-imports

check-library: $(TESTING)
	$(BIN)/preceptor library check smart_app/library/starter

sure: $(TESTING) ## What CI runs: lint, types, import contracts, library check, then the tests
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint
	$(MAKE) --no-print-directory test

hapi: $(RUNTIME) ## A local HAPI FHIR server with the fixtures loaded
	.ci/packages hapi
	hapi/run --port $(HAPI_PORT)

bench: $(TESTING) ## Launches measured beside a fhirclient-only peer; writes docs/measured.md
	$(BIN)/python -m bench.launch --write docs/measured.md
	$(BIN)/python -m bench.recommendation --write docs/measured.md
	$(BIN)/python -m bench.studio --write docs/measured.md

mutation: $(TESTING) ## Take each defence out and see its tests go red; writes docs/security.md
	.ci/packages tests
	$(BIN)/python -m tests.attacks.mutate --write docs/security.md

torture: $(TESTING) ## The long tests
	.ci/packages tests
	$(BIN)/python -m pytest -q -m torture -s

screenshots: $(TESTING) ## docs/images from the running demo
	.ci/packages tests
	$(BIN)/python -m bench.screenshots

lock: ## Make both lock files again, with hashes (UPGRADE=--upgrade for newer versions)
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	build/lock/bin/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command 'make lock' --group build --output-file requirements.lock pyproject.toml
	build/lock/bin/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command 'make lock' --constraint requirements.lock --group test \
	  --output-file requirements-test.lock pyproject.toml
	@rm -rf build/lock

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
