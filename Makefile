# `make chat` talks to the articles, `make test` runs every test. Both set themselves up in .venv.
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
# On Linux, PyPI's torch brings several GB of CUDA. TORCH_INDEX=https://download.pytorch.org/whl/cpu avoids that.
TORCH_INDEX ?=
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
TORCH_OPTIONS := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: chat ask eval test check fit screenshots clean

chat: .venv/.service
	$(BIN)/rag chat

# By way of the environment, so that quotes, dollars and the like in a question mean themselves.
ask: export QUESTION = $(value Q)
ask: .venv/.service
	@$(BIN)/rag ask "$$QUESTION"

eval: .venv/.service
	$(BIN)/rag eval

test: .venv/.tools
	$(BIN)/python -m pytest

check: .venv/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/commands.py --check
	$(BIN)/python -m pytest -m "not slow and not browser"

# Weights of the reader, from ../shared/data and the tuning part of the questions.
fit: .venv/.tools
	$(BIN)/python -m eval.fit_reader

screenshots: .venv/.tools
	$(BIN)/python docs/screenshot.py

clean:
	rm -rf .venv build dist

.venv/.python:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.service: .venv/.python pyproject.toml constraints.txt
	@echo "Installing into .venv (a few minutes, once)"
	$(INSTALL) $(TORCH_OPTIONS) torch
	$(INSTALL) -e .
	@touch $@

.venv/.tools: .venv/.service
	$(INSTALL) -e ".[dev]"
	@touch $@
