# Everything starts here. Needs only make and Python 3.11 or newer; the rest goes into .venv.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
PEER := .venv-peer
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check

# The original engine, as the compatibility tests know it.
PEER_PACKAGE := memvid-sdk==2.0.160

# pytest processes for the tests that may run side by side.
JOBS ?= 2
# More arguments for pytest: make test ARGS='-k put -x'
ARGS ?=

# How long the long runs are.
STATES ?= 5000
KILLS ?= 1000
RACES ?= 100
CASES ?= 10000
EXAMPLES ?= 1000
MUTATIONS ?= 1500
MINUTES ?= 30

PYTEST = $(PY) -m pytest
# The tests of the original engine are skipped when it could not be installed.
WITH_PEER = if [ -e $(PEER)/.ready ]; then MV2_PEER_PYTHON="$(CURDIR)/$(PEER)/bin/python"; \
	export MV2_PEER_PYTHON; else MV2_NO_PEER=1; export MV2_NO_PEER; fi;

.PHONY: help
help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F'\t' '{printf "make %-12s %s\n", $$1, $$2}'

# --- the environments -------------------------------------------------------------------

# The first interpreter that is new enough and can make environments.
$(VENV)/.made:
	@python=; for candidate in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
		[ -n "$$candidate" ] || continue; \
		if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
			>/dev/null 2>&1; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "mv2 needs Python 3.11 or newer with the module venv (Debian, Ubuntu: apt install python3-venv)." >&2; \
		echo "If it is not on the path, name it: make PYTHON=/path/to/python3.12 demo" >&2; \
		exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@echo "installing mv2"
	@$(PIP) install --editable '.[all]'
	@touch $@

$(VENV)/.dev: $(VENV)/.installed pyproject.toml
	@echo "installing the tools for development"
	@$(PIP) install --group dev
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Install mv2 into .venv (needs only Python and make)

.PHONY: dev
dev: $(VENV)/.dev ## Install the tools for development into .venv too

$(PEER)/.ready: | $(VENV)/.made
	@echo "installing the original engine ($(PEER_PACKAGE)) into $(PEER)"
	@if $(PY) -m venv --clear $(PEER) && \
		$(PEER)/bin/python -m pip --quiet --disable-pip-version-check install --only-binary :all: $(PEER_PACKAGE) && \
		$(PEER)/bin/python -c 'import memvid_sdk'; \
	then touch $@; \
	else echo "$(PEER_PACKAGE) cannot be installed here: the tests against the original engine are skipped" >&2; \
	fi

.PHONY: peer
peer: $(PEER)/.ready ## Install the original engine into .venv-peer, for the compatibility tests

# --- trying it --------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.installed ## Build a memory and search it (stays in .demo/)
	@$(BIN)/mv2 demo .demo/python-reference.mv2

# --- checking it ------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.dev peer ## Run all tests except the long ones
	@$(WITH_PEER) $(PYTEST) -n $(JOBS) -m 'not serial' $(ARGS)
	@$(WITH_PEER) $(PYTEST) -m serial $(ARGS) || [ $$? -eq 5 ]

.PHONY: lint
lint: $(VENV)/.dev ## Check style and layout of the code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.dev ## Check the types
	@$(BIN)/mypy

.PHONY: check
check: lint types ## Everything a change must pass: lint, types and tests
	@$(MAKE) --no-print-directory test

.PHONY: fmt
fmt: $(VENV)/.dev ## Lay the code out, and fix what can be fixed by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: docs
docs: $(VENV)/.dev ## Run the examples of README and docs/, and show the next release notes
	@$(PYTEST) tests/docs $(ARGS)
	@$(MAKE) --no-print-directory changelog

.PHONY: changelog
changelog: $(VENV)/.dev ## Show what the next release notes say
	@$(BIN)/towncrier build --draft --version $$($(PY) -c 'import mv2; print(mv2.__version__)')

# --- the long runs ----------------------------------------------------------------------

.PHONY: crash-long
crash-long: $(VENV)/.dev ## Thousands of states a power cut can leave (STATES=5000)
	@MV2_CRASH_STATES=$(STATES) $(PYTEST) --slow --timeout 0 tests/crash --ignore tests/crash/test_kill.py $(ARGS)

.PHONY: kill-long
kill-long: $(VENV)/.dev ## kill -9 of real processes at random moments (KILLS=1000)
	@MV2_KILLS=$(KILLS) $(PYTEST) --slow --timeout 0 tests/crash/test_kill.py $(ARGS)

.PHONY: race-long
race-long: $(VENV)/.dev ## Many writers and readers at once (RACES=100)
	@MV2_RACES=$(RACES) $(PYTEST) --slow --timeout 0 tests/race $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev ## Damaged and hostile files, and random operations against a model (CASES=10000 EXAMPLES=1000)
	@MV2_TREE_FILES=20000 MV2_RECORD_EXAMPLES=$(EXAMPLES) MV2_FUZZ=$(CASES) MV2_EXAMPLES=$(EXAMPLES) MV2_MODEL_EXAMPLES=$(EXAMPLES) MV2_HYPOTHESIS=long \
		$(PYTEST) --slow --timeout 0 tests/hostile tests/property $(ARGS)

.PHONY: soak
soak: $(VENV)/.dev peer ## Every test again and again, with new seeds (MINUTES=30)
	@$(WITH_PEER) end=$$(( $$(date +%s) + 60 * $(MINUTES) )); round=0; \
	while [ "$$(date +%s)" -lt "$$end" ]; do \
		round=$$(( round + 1 )); echo "round $$round"; \
		MV2_HYPOTHESIS=random $(PYTEST) -q -n $(JOBS) $(ARGS) || exit 1; \
	done

.PHONY: bench
bench: $(VENV)/.dev ## Measure: every program in benchmarks/
	@$(PY) -m benchmarks $(ARGS)

.PHONY: bench-retrieval
bench-retrieval: $(VENV)/.dev ## Measure how often the right thing is found (needs evaluation data: ARGS="--data DIR")
	@$(PY) -m benchmarks.retrieval $(ARGS)

.PHONY: mutants
mutants: $(VENV)/.dev ## Change single bytes of files and see that verify notices (MUTATIONS=1500)
	@MV2_MUTATIONS=$(MUTATIONS) $(PYTEST) --slow --timeout 0 tests/mutants $(ARGS)

# --- releasing --------------------------------------------------------------------------

.PHONY: dist
dist: $(VENV)/.dev ## Build the wheel and the source distribution into dist/
	@rm -rf dist
	@$(PY) -m build --outdir dist .

.PHONY: clean
clean: ## Remove everything that was made here
	rm -rf $(VENV) $(PEER) .demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
