# `make demo` and `make up` need make, git and python3 >= 3.11; everything else they bring themselves.
# The stamps .venv/.ready-* remember what is installed, so that a second run starts at once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# One more process than there are cores: drills wait for leases, and the browser for pages. One thread of
# torch for each, or together they fight for the cores of a small machine.
WORKERS ?= $(shell expr $$(nproc) + 1)
PARALLEL := OMP_NUM_THREADS=1 $(PYTEST) -n $(WORKERS) --dist worksteal

# A machine without torch (web and collecting) says WITHOUT_TORCH=1.
APP := $(if $(WITHOUT_TORCH),web,ml)

GROUPS_web := --group web --group tools
GROUPS_ml := $(GROUPS_web) --group ml --extra torch
GROUPS_test := $(GROUPS_ml) --extra openvino --group prod --group test --group lint

# `manage.py check --deploy` looks at a server behind a proxy that speaks TLS. Sending http to https (W008) is that
# proxy's, what holds for other hosts of the domain (W005, W021) its owner's.
AS_DEPLOYED := DEBUG=0 SECRET_KEY=$$(od -An -N48 -tx1 /dev/urandom | tr -d ' \n') ALLOWED_HOSTS=cakelens.example \
	BEHIND_PROXY=1 SECURE_COOKIES=1 SECURE_HSTS_SECONDS=31536000 \
	SILENCED_SYSTEM_CHECKS=security.W005,security.W008,security.W021

# Debian's names of what no wheel carries.
APT_browser := chromium libatomic1 fonts-dejavu-core

# Compiled once, not at every start: 1.1 s against 0.3 s for the shortest manage.py command.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test quick check fix bench nightly lock

help:  ## Say what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(VENV)/.ready-ml  ## Run the whole loop on sample clips (VIDEOS=DIR: on your own) and say what happened
	@$(BIN)/python manage.py demo $(if $(VIDEOS),--videos "$(VIDEOS)")

up: $(VENV)/.ready-$(APP)  ## Serve the app on one process (WITHOUT_TORCH=1: without suggestions)
	@$(BIN)/python manage.py up

quick: $(VENV)/.ready-test  ## Test what is quick, on SQLite: all day long
	@$(PARALLEL) -m "not slow and not nightly"

test: $(VENV)/.ready-test $(VENV)/.ready-browser  ## Test everything on PostgreSQL, Redis, SQLite and Chromium
	@$(PARALLEL) --db postgres -m "not nightly"
	@$(PARALLEL) --db sqlite -m "embedded and not nightly"

nightly: $(VENV)/.ready-test $(VENV)/.ready-browser  ## Run the long drills, on PostgreSQL and on the one-process app
	@$(PYTEST) --db postgres --timeout 3600 -m nightly

check: $(VENV)/.ready-test  ## Lint, types, templates, migrations, settings, compose
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/djlint --quiet --lint templates  # not --reformat: it takes spaces that are seen
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(AS_DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@echo "check: all good"

fix: $(VENV)/.ready-test  ## Mend what can be mended by itself
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

# bench/learning.py trains a v5 on the CPU, most of an hour: run it by itself.
bench: $(VENV)/.ready-test  ## Measure, and print numbers with the machine they come from
	@for script in $(filter-out bench/learning.py,$(wildcard bench/[a-z]*.py)); do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

lock: $(VENV)/.ready-uv  ## Pin every dependency of pyproject.toml, with hashes
	@$(BIN)/uv pip compile pyproject.toml --extra torch --extra openvino --group web --group ml --group prod --group test \
		--group lint --group tools --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements.lock
	@echo "wrote requirements.lock"

# ---- Set-up -------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/apt python3-venv
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# uv comes from pip, its pin and hashes cut from the lock; everything else comes from uv.
$(VENV)/.ready-uv: requirements.lock | $(BIN)/python
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@touch $@

# The project itself goes in editable, so that the `cakelens` command exists.
$(VENV)/.ready-web $(VENV)/.ready-ml $(VENV)/.ready-test: $(VENV)/.ready-%: \
		pyproject.toml requirements.lock | $(VENV)/.ready-uv
	@echo "installing the $* set (the first time takes up to a minute)"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet -r pyproject.toml $(GROUPS_$*) -c requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-browser: | $(BIN)/python
	@command -v chromium >/dev/null && ldconfig -p | grep -q libatomic.so.1 || .ci/apt $(APT_browser)
	@touch $@
