# `make` lists what there is. Everything runs in .venv, which the targets make and keep in step with the lock.
# ARGS is passed on: make demo ARGS="--no-browser --port 8600", make test ARGS="tests/metrics -x"

.DEFAULT_GOAL := help
.PHONY: help demo test test-duckdb2 lint format docs docs-check screenshots bench bench-browser install clean
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := $(VENV)/.installed
DUCKDB2 := $(VENV)/duckdb2

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: install  ## start the whole demo company and open the page (ARGS="..." for streamgauge demo)
	@$(BIN)/streamgauge demo $(ARGS)

test: install  ## all tests: unit, property, real Temporal server, real PostgreSQL and MariaDB, real browser
	@browser=$$(.ci/browser) && mariadbd=$$(.ci/mariadb) && \
	STREAMGAUGE_CHROMIUM="$$browser" STREAMGAUGE_MARIADBD="$$mariadbd" $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# The histories by chance are fewer here: what they find wrong with the code, they find on the locked one.
test-duckdb2: install $(DUCKDB2)/.installed  ## the fast tests, on DuckDB 2.0 instead of the locked 1.5
	@PYTHONPATH=$(CURDIR)/$(DUCKDB2) STREAMGAUGE_EXAMPLES=0.25 $(BIN)/pytest -n 3 --dist loadfile \
	-m "not slow and not server and not postgres and not mariadb and not browser" $(ARGS)

lint: install  ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: install  ## let ruff put the code in shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

screenshots: install  ## pictures of every page, wide and phone, light and dark, into docs/screenshots
	@browser=$$(.ci/browser) && STREAMGAUGE_CHROMIUM="$$browser" $(BIN)/python -m tests.browser.screenshots docs/screenshots

bench-browser: install  ## time the pages in a real browser, and with twenty viewers (ARGS="--help" lists the options)
	@browser=$$(.ci/browser) && STREAMGAUGE_CHROMIUM="$$browser" $(BIN)/python -m tests.bench_browser $(ARGS)

docs: install  ## write the generated reference pages again
	@$(BIN)/python docs/generate.py

docs-check: install  ## fail if a generated reference page is not in step
	@$(BIN)/python docs/generate.py --check

bench: install  ## time every metric on generated items, and the mirror against a bare loop
	@$(BIN)/python tests/bench.py $(ARGS)
	@$(BIN)/python tests/bench_mirror.py

install: $(INSTALLED)  ## make .venv and install the locked packages (done by the others when needed)

# CHANGELOG.md names the version, which the installed package reports.
$(INSTALLED): requirements.lock pyproject.toml CHANGELOG.md
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || \
	{ python=$$(.ci/python) && echo "Making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV); }
	@echo "Installing the packages of requirements.lock into $(VENV)"
	@# Not compiled: Python does that where it needs it, and most is never needed.
	@$(PIP) install --no-compile --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# A folder with DuckDB 2.0 alone; put in front of the locked one, it wins.
$(DUCKDB2)/.installed: requirements-duckdb2.lock | $(INSTALLED)
	@rm -rf $(DUCKDB2)
	@$(PIP) install --no-compile --no-deps --require-hashes --target $(DUCKDB2) -r requirements-duckdb2.lock
	@touch $@

clean:  ## remove .venv and every cache
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
