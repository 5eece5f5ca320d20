# Two commands: `make demo` shows the product on this machine, `make test` checks all of it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WHEELS := build/wheels
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: demo test lint format lock bench bench-host clean

demo: $(BIN)/python
	$(PIP) install '.[sandbox]'
	./demo.sh $(BIN)

test: $(BIN)/python
	rm -rf $(WHEELS)
	$(PIP) wheel --no-deps --wheel-dir $(WHEELS) .
	$(PIP) install "$$(ls $(WHEELS)/*.whl)[dev]"
	$(PIP) install --force-reinstall --no-deps $(WHEELS)/*.whl
	$(MAKE) lint
	$(BIN)/pytest -n auto

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Newest versions, with hashes, for every Python and processor a host may have.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--only-binary :all: --no-emit-index-url --no-annotate --no-header --upgrade
lock: $(BIN)/python
	$(PIP) install uv
	cd mlflow_ops/lock && for each in requirements uv; do \
		../../$(UV_COMPILE) $$each.in --output-file $$each.txt; done

bench: $(BIN)/python
	$(PIP) install '.[sandbox]'
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/aws_calls.py

# Needs root on Linux: boots the tests' real machine twice.
bench-host: $(BIN)/python
	$(PIP) install '.[sandbox]'
	$(BIN)/python benchmarks/host_setup.py

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
