# Needs make and Python 3.11 or newer; everything else is made here from requirements.lock.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(name))))
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help env run test system lint format lock bench faults clean

help: ## Show these lines
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

env: ## Make the environment .venv from requirements.lock (done by the others when needed)
	@"$(PYTHON)" deploy/setup.py env

run: env ## Start everything on this machine; Ctrl-C stops it (ports: SES_PORT, SES_FLOWER_PORT, SES_MAIL_PORT)
	@exec .venv/bin/python -m deploy.embedded.runner

test: env system ## Run every test, two files at a time, each process on its own data and ports (a part: make test ARGS=tests/deploy)
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

system: ## Install the programs that the tests start (Debian, root or sudo)
	@"$(PYTHON)" deploy/setup.py system

lint: env ## Check style, format and types
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy

format: env ## Put the code into the house's format
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

lock: ## Write requirements.lock, and runtime.lock for the image, anew from pyproject.toml
	@"$(PYTHON)" deploy/setup.py lock

bench: env ## Measure everything and write docs/benchmarks.md (a part: make bench ARGS=rates)
	@.venv/bin/python -m bench $(ARGS)

faults: env ## Break the running stack by a seeded schedule for MINUTES (30) and count what is lost; SEED=n repeats a run
	@FAULTS_MINUTES=$(or $(MINUTES),30) FAULTS_SEED=$(or $(SEED),$$(date +%s)) FAULTS_EVERY=1 FAULTS_EXAMPLES=300 FAULTS_GAP=10 FAULTS_PAUSE=0.05 .venv/bin/python -m pytest -s tests/faults $(ARGS)

clean: ## Remove the environment and all data of the embedded runner; stop it first
	@"$(PYTHON)" deploy/setup.py clean
