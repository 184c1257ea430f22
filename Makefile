# `make run` and `make test` do everything from a clean clone: environment, installation, work.
# PYTHON=python3.12 make run    takes another Python; it is only used to create .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALLED := $(VENV)/.installed
LINTERS := $(VENV)/.linters
# Two workers for two cores. A file stays on one of them: spread over both, each would start what its tests share, and to
# ask the corpus takes minutes.
PYTEST_ARGS ?= -n 2 --dist loadfile

.DEFAULT_GOAL := run
.PHONY: run test stress bench gpu docs mutants lint actions format clean

run: $(INSTALLED)
	@$(BIN)/gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg

# One thread each: with as many workers as cores, a second one of each is in the way of the others (a fifth slower).
# Compiled before: where PYTHONDONTWRITEBYTECODE is set, each of the hundreds of starts would compile 600 modules anew.
test: $(INSTALLED)
	@$(BIN)/python -m compileall -q gradcheck_cli
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

stress: $(INSTALLED)
	@$(BIN)/python tests/stress/attack.py
	@$(BIN)/python -m pytest -m stress $(PYTEST_ARGS)

bench: $(INSTALLED)
	@$(BIN)/python -m benchmarks

# Needs a GPU; at most eight minutes, and nothing but torch, numpy and opencv: those of $(PYTHON), whose torch may be made
# for the card, where it has them, else those of our own environment. Writes benchmarks/GPU.md.
gpu:
	@if "$(PYTHON)" -c 'import torch, numpy, cv2' 2> /dev/null; then "$(PYTHON)" -m benchmarks.gpu; else \
		$(MAKE) --no-print-directory $(INSTALLED) && $(BIN)/python -m benchmarks.gpu; fi

# Changes the package itself, one place at a time, and asks the tests; resumable, in a folder of its own.
mutants: $(INSTALLED)
	@$(PIP) install -qq -c constraints.txt -e '.[mutants]'
	@$(BIN)/python scripts/mutants.py --seconds 1500

# The generated pages of docs/ and the table of the README; `python docs/generate.py --measure` measures again.
docs: $(INSTALLED)
	@$(BIN)/python docs/generate.py

lint: $(LINTERS) actions
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m mypy

# What runs on GitHub; skipped, with a line that says so, where npm is missing.
actions:
	@sh scripts/lint_actions.sh $(VENV)/.node

format: $(LINTERS)
	@$(BIN)/python -m ruff check --fix
	@$(BIN)/python -m ruff format

clean:
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamps are newer than what they were made from, so a second `make run` installs nothing.
$(INSTALLED): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "gradcheck: installing into $(VENV); the first time takes some minutes, torch is large" >&2
	@$(PIP) --version > /dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@$(PIP) install -qq -c constraints.txt -e '.[test]'
	@touch $@

$(LINTERS): $(INSTALLED)
	@$(PIP) install -qq -c constraints.txt -e '.[lint]'
	@touch $@

$(VENV)/bin/python:
	@command -v "$(PYTHON)" > /dev/null || \
		{ echo "gradcheck: there is no $(PYTHON); install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gradcheck: $$("$(PYTHON)" -V 2>&1) is too old; Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || \
		{ echo "gradcheck: $(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)
