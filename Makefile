# Needs make and Python 3.11 or newer; everything else is made here from requirements.lock.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(name))))
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: quick help env run dev check test coverage system lint format docs migration lock bench faults chaos clean

help: ## Show these lines
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

env: ## Make the environment .venv from requirements.lock (done by the others when needed)
	@"$(PYTHON)" deploy/setup.py env

run: env ## Start everything on this machine; Ctrl-C stops it (ports: SES_PORT, SES_FLOWER_PORT, SES_MAIL_PORT)
	@exec .venv/bin/python -m deploy.embedded.runner

dev: env ## Like run, and each saved change of code, templates or styles restarts the programs that read it
	@exec .venv/bin/python -m deploy.embedded.dev

check: env ## Lint, types, structure, rules, documentation and one journey on real servers, before each commit
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint quick

quick:
	@.venv/bin/python -m pytest -q --check --numprocesses 2

test: env system ## Run every test, two files at a time, each process on its own data and ports (a part: make test ARGS=tests/deploy)
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: env system ## Run the tests (a part: ARGS=tests/rates) and list the lines that none of them reached
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --cov=services --cov=shared --cov=deploy --cov-report=term-missing:skip-covered $(ARGS)

system: ## Install the programs that the tests start (Debian, root or sudo)
	@"$(PYTHON)" deploy/setup.py system $(ARGS)

node_modules/.package-lock.json: package-lock.json
	@npm ci --silent || (echo "The scripts of the pages are checked by tools from npm: install Node 20 or newer." && exit 1)

lint: env node_modules/.package-lock.json ## Check style, format and types, of the pages' scripts too
	npm run --silent lint
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy

format: env ## Put the code into the house's format
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

docs: env ## Build the documentation site into .data/site; a link that leads nowhere fails
	@.venv/bin/zensical build --strict --clean

migration: env ## Write a migration of SERVICE from its tables, NAME says what it adds
	@.venv/bin/python -m deploy.migration "$(SERVICE)" "$(NAME)"

lock: ## Write requirements.lock, and runtime.lock for the image, anew from pyproject.toml
	@"$(PYTHON)" deploy/setup.py lock

bench: env ## Measure everything and write docs/benchmarks.md (a part: make bench ARGS=rates)
	@.venv/bin/python -m bench $(ARGS)

faults: env ## Break the running stack by a seeded schedule for MINUTES (30) and count what is lost; SEED=n repeats a run
	@FAULTS_MINUTES=$(or $(MINUTES),30) FAULTS_SEED=$(or $(SEED),$$(date +%s)) FAULTS_EVERY=1 FAULTS_EXAMPLES=300 FAULTS_GAP=10 FAULTS_PAUSE=0.05 .venv/bin/python -m pytest -s tests/faults $(ARGS)

chaos: env ## Break the running stack for MINUTES (40) and judge from outside what its users see; SEED=n repeats a run
	@CHAOS_MINUTES=$(or $(MINUTES),40) CHAOS_SEED=$(or $(SEED),$$(date +%s)) .venv/bin/python -m pytest -q -s tests/chaos/test_outside.py $(ARGS)

clean: ## Remove the environment and all data of the embedded runner; stop it first
	@"$(PYTHON)" deploy/setup.py clean
