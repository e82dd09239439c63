# `make` lists what can be done. Everything runs in .venv, or in an active conda environment made from environment.yml.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup data reproduce report check test test-browser test-processors lab refresh robustness bench signal clean

# glibc: keep freed memory for the next step instead of giving it back and asking for it again (a training: 5 % faster).
export MALLOC_MMAP_THRESHOLD_ ?= 33554432
export MALLOC_TRIM_THRESHOLD_ ?= 268435456

# A terminal that cannot show a mark shows a question mark.
export PYTHONIOENCODING ?= :replace

PYTHON ?= python3
ifeq ($(notdir $(CONDA_PREFIX)),vaepaper)
  BIN := $(CONDA_PREFIX)/bin
  READY := build/.conda-ready
else
  BIN := .venv/bin
  READY := .venv/.ready
endif

# Debian's where we may install it, else the one that Playwright brings.
ifeq ($(shell id -u)$(if $(shell command -v apt-get),apt),0apt)
  CHROMIUM := { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; }
else
  CHROMIUM := $(BIN)/python -m playwright install chromium
endif

# Debian's where we may install it.
ifeq ($(shell id -u)$(if $(shell command -v apt-get),apt),0apt)
  QEMU := { apt-get update -qq && apt-get install -qq -y --no-install-recommends qemu-user >/dev/null; }
else
  QEMU := { echo "qemu-x86_64 is missing: install your system's package qemu-user" >&2; exit 1; }
endif

# Which package may import which (pyproject.toml); says so only where one does not keep to it.
LAYERS = { mkdir -p build && $(BIN)/lint-imports --no-cache >build/layers.log 2>&1 || { cat build/layers.log >&2; exit 1; }; }

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*##/  make \1\t/' | expand -t 20
	@echo
	@echo '  make reproduce NB=02 ARGS="-p epochs 5"   one notebook, with a parameter of your own'

setup: $(READY)  ## make the environment (PIP_ARGS="…" is passed on to pip)

data: $(READY)  ## fetch MNIST and check it
	@$(BIN)/python -m vaepaper.data

reproduce: $(READY)  ## run the report: notebooks, figures and claims into build/
	@$(BIN)/python -m tools.reproduce $(NB) $(ARGS)

report: $(READY)  ## the notebooks as one site in build/report, which opens without a network
	@$(BIN)/python -m tools.site

check: $(READY)  ## after each edit: ruff and the quick unit tests, in a minute
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . && $(LAYERS)
	@$(BIN)/python -m vaepaper.data >/dev/null
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --no-header -n 2 --dist loadgroup -m "not slow" tests --ignore=tests/browser

signal: $(READY)  ## alarms in a CSV of your own: make signal CSV=pump.csv ARGS="-p normal_until 2026-03-01"
	@$(BIN)/python -m tools.signal $(if $(CSV),"$(CSV)") $(ARGS)

test: $(READY)  ## before sharing: all of it, slow tests too, and the committed notebooks run again and compared
	@$(LAYERS)
	@$(BIN)/python -m tools.suite

test-processors: $(READY)  ## the golden test again under emulated Intel and AMD processors (needs qemu-user; 5 minutes)
	@command -v qemu-x86_64 >/dev/null || $(QEMU)
	@$(BIN)/python -m tools.processors

test-browser: $(READY)  ## the playground and the site in a real browser (MINUTES=10: of random pointer input)
	@$(BIN)/python -m pip install --quiet -r tests/browser/requirements.txt
	@command -v chromium chromium-browser google-chrome >/dev/null || $(CHROMIUM)
	@$(BIN)/python -m vaepaper.data
	$(BIN)/python -m pytest tests/browser

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/python -m tools.lab $(if $(filter 0,$(shell id -u)),--allow-root)

refresh: $(READY)  ## run everything (or NB=06), then write outputs back into notebooks/, results/, READMEs and RESULTS.md
	@$(BIN)/python -m tools.refresh $(NB)

robustness: $(READY)  ## every interpretation with every seed into results/robustness.csv (more than four hours; goes on where it was stopped)
	@$(BIN)/python -m tools.robustness $(ARGS)

bench: $(READY)  ## measure against PyOD, pythae, stumpy and a plain DataLoader (into results/; half an hour)
	@$(BIN)/python -m pip install --quiet --upgrade --no-deps --target build/peers -r benchmarks/peers.txt
	@$(BIN)/python -m vaepaper.data
	@$(BIN)/python benchmarks/bench.py $(ARGS)
	@$(BIN)/python benchmarks/bench_gan.py $(ARGS)
	@$(BIN)/python benchmarks/bench_signals.py $(ARGS)

clean:  ## remove build/, or VAEPAPER_BUILD (results and cached trainings); .venv and data stay
	@build="$${VAEPAPER_BUILD:-build}"; cd -P -- "$$build" 2>/dev/null || exit 0; \
	case "$(CURDIR)/" in "$${PWD%/}"/*) echo "$$PWD holds this checkout; it stays" >&2; exit 1;; esac; \
	case "$$HOME/" in "$${PWD%/}"/*) echo "$$PWD holds your home; it stays" >&2; exit 1;; esac; \
	cd "$(CURDIR)" && rm -rf -- "$$build"

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@if [ -e $@ ]; then echo "The list of packages is newer than .venv: bringing it up to date …"; \
	  else echo "There is no environment yet: making .venv (a few minutes, once) …"; fi
	@start=$$(date +%s) && $(PYTHON) -m venv .venv && \
	  .venv/bin/python -m pip install --quiet --progress-bar on $(PIP_ARGS) -c constraints.txt -e ".[notebooks,dev]" && \
	  echo $$(( $$(date +%s) - start )) > $@

build/.conda-ready: pyproject.toml environment.yml
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@mkdir -p build && touch $@
