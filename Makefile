# Everything a newcomer needs, on a machine with Python >= 3.11 (with venv), make and git.
# uv is used if it works here, else it is installed into .venv; `uv.lock` decides every version.

VENV := .venv
export UV_PROJECT_ENVIRONMENT := $(VENV)

# `uv --version`, not `which uv`: a version manager's shim may be there without a uv behind it.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(VENV)/bin/uv)
RUN := $(UV) run --locked

# Newest first; `python3` may be an old one when several are installed.
PYTHONS := python3.15 python3.14 python3.13 python3.12 python3.11 python3 python \
           $(wildcard $(HOME)/.pyenv/versions/3.1*/bin/python3) /usr/bin/python3
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# Tests start one PostgreSQL of each major in each worker: more workers than this help nobody.
# one more than cores: many tests wait for a lock or a deadline
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 4 ? n + 1 : 4)))

BENCHES := $(patsubst tests/bench/%.py,%,$(wildcard tests/bench/bench_*.py))

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(filter $(VENV)/bin/uv,$(UV)) ## the environment in .venv, as locked (the others do it by themselves)
	@$(UV) sync --locked --quiet

.PHONY: demo
demo: setup ## a bad migration, broken and rolled back before your eyes (about a minute)
	@$(RUN) migration-monitor demo

.PHONY: browser
browser: setup # a Chromium for the tests of the page, where none is: Playwright's, else the distribution's
	@$(RUN) python -m tests.browser.setup

.PHONY: test
test: browser ## all tests but the slow ones, on every PostgreSQL found
	$(RUN) pytest -n $(WORKERS) --dist worksteal -m "not slow"

.PHONY: chaos
chaos: browser ## all faults and promises, slow ones included, on every PostgreSQL found
	$(RUN) pytest -n $(WORKERS) --dist worksteal -m "chaos or fault or promise or slow"

.PHONY: slow
slow: browser ## what `make test` leaves out; corners on the oldest PostgreSQL found
	$(RUN) pytest -n $(WORKERS) --dist worksteal -m "slow and not between"

.PHONY: lint
lint: setup ## ruff, mypy strict, and the floors of the architecture
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) pytest -q tests/unit/test_floors.py

.PHONY: cover
cover: setup ## branch coverage of the decision core: 100 %, or it fails
	$(RUN) pytest -q -n $(WORKERS) -m "not slow" tests/unit/test_core*.py --cov=monitor.core --cov-branch --cov-report=term:skip-covered --cov-fail-under=100

ROUNDS := 50
SEED := 1
MAJOR := 0

.PHONY: torture
torture: setup ## rollbacks while daemons and server are killed: ROUNDS=50 SEED=1 MAJOR=16
	$(RUN) python -m tests.chaos.torture --rounds $(ROUNDS) --seed $(SEED) --major $(MAJOR)

MINUTES := 15

.PHONY: fuzz
fuzz: setup ## every parser against what nobody would write: MINUTES=15 SEED=1
	$(RUN) python -m tests.fuzz --minutes $(MINUTES) --seed $(SEED)

MODULE := *
JOBS := 2

.PHONY: mutants
mutants: setup ## changes of the core that no test notices (half an hour for all): MODULE=monitor.core.reads JOBS=2
	$(RUN) python -m tests.mutants --jobs $(JOBS) '$(MODULE)'

PROOF := 1000000

.PHONY: decision
decision: N := 10
decision: setup ## how good the decision is, on N worlds of each kind: N=10 WORKERS=2 (N=10: some minutes)
	@$(RUN) python -m tests.decision --worlds $(N) --seed $(if $(filter command line,$(origin SEED)),$(SEED),$(PROOF)) --workers $(WORKERS)

INTERVAL :=
PROFILE := drawn

.PHONY: simulate
simulate: N := 200
simulate: setup ## the whole daemon in invented days on a virtual clock: N=10000 SEED=1 (or INTERVAL=5, PROFILE=table, PROFILE=edges)
	$(RUN) python -m tests.simulation --worlds $(N) --seed $(SEED) --profile $(PROFILE) $(if $(INTERVAL),--interval $(INTERVAL))

.PHONY: bench
bench: setup ## figures: cost of a poll, reaction time, replay
	@for bench in $(BENCHES); do echo "== $$bench"; $(RUN) python -m tests.bench.$$bench || exit 1; done

.PHONY: clean
clean: ## removes .venv and what tools leave behind
	rm -rf $(VENV) artefacts dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/bin/uv:
	@for python in $(PYTHONS); do \
	  if "$$python" -c '$(USABLE)' >/dev/null 2>&1; then \
	    echo "uv is not installed: setting it up in $(VENV) with $$("$$python" --version)" >&2; \
	    "$$python" -m venv --clear $(VENV) && $(VENV)/bin/python -m pip install --quiet uv; \
	    exit; \
	  fi; \
	done; \
	echo "no Python >= 3.11 with venv found: install it (Debian: apt-get install python3 python3-venv)" >&2; \
	exit 1
