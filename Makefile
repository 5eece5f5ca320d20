# Two commands: `make demo` shows the product on this machine, `make test` checks all of it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WHEELS := build/wheels
AWS_CLI := build/awscli/bin
AUDIT := build/audit
# By uv, in a tenth of pip's time. Whose index is set for pip alone: INSTALL='.venv/bin/pip install'.
INSTALL ?= $(BIN)/uv pip install --quiet --python $(BIN)/python
# uv leaves it to each module's first import to compile it; who forbids that waits at every import.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-aws screenshots lint format lock audit-lock bench bench-host docs walk-through clean

demo: $(BIN)/python
	$(INSTALL) '.[sandbox]'
	./demo.sh $(BIN)

test: $(BIN)/python
	rm -rf $(WHEELS)
	$(BIN)/uv build --quiet --wheel --out-dir $(WHEELS)
	$(INSTALL) "$$(ls $(WHEELS)/*.whl)[dev]"
	$(INSTALL) --force-reinstall --no-deps $(WHEELS)/*.whl
	$(MAKE) lint
	$(BIN)/pytest -n auto

# The whole journey on the AWS account that the environment leads to; asks first.
test-aws: $(BIN)/python
	$(INSTALL) '.[dev]'
	PYTHONPATH=tests $(BIN)/python tests/journey/ask.py
	$(BIN)/pytest --aws tests/journey/test_account.py

# Needs root on Linux, for the tests' real machine: two pictures that the test of the page takes.
screenshots: $(BIN)/python
	$(INSTALL) '.[dev]'
	$(BIN)/pytest tests/machine/shared/test_browser.py -k trained
	mkdir -p docs/images
	cp build/screenshots/experiment.png build/screenshots/run.png docs/images/

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers auto

format:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Newest versions, with hashes, for every Python and processor a host may have.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--only-binary :all: --no-emit-index-url --no-annotate --no-header --upgrade
lock: $(BIN)/python
	cd mlflow_ops/lock && for each in requirements uv caddy litestream; do \
		../../$(UV_COMPILE) $$each.in --output-file $$each.txt; done

# Asks the OSV database, over the network, what is known against any version in the locks, whichever
# Python or processor it is for: markers go, and a package's second version into a second file.
audit-lock: $(AUDIT)/bin/pip-audit
	rm -rf $(AUDIT)/locks && mkdir -p $(AUDIT)/locks
	awk '/^[^ ]/ { split($$1, pin, "=="); file = "$(AUDIT)/locks/" ++seen[pin[1]] ".txt"; \
		print $$1 " \\" > file; next } { print > file }' mlflow_ops/lock/*.txt
	code=0; for each in $(AUDIT)/locks/*.txt; do \
		$(AUDIT)/bin/pip-audit --disable-pip --strict --progress-spinner off \
			--vulnerability-service osv $(AUDIT_OPTIONS) -r $$each || code=1; \
	done; exit $$code

# Apart from ours, since it brings some thirty packages that nothing else needs.
$(AUDIT)/bin/pip-audit:
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip --disable-pip-version-check --quiet install 'pip-audit>=2.10'

bench: $(BIN)/python $(AWS_CLI)/aws
	$(INSTALL) '.[sandbox]'
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/aws_calls.py
	$(BIN)/python benchmarks/bucket.py $(AWS_CLI)/aws

# Needs root on Linux: boots the tests' real machine twice.
bench-host: $(BIN)/python
	$(INSTALL) '.[sandbox]'
	$(BIN)/python benchmarks/host_setup.py

# The commands' pages, from the commands themselves.
docs: $(BIN)/python
	$(INSTALL) .
	$(BIN)/python docs/command_pages.py

# A stack's whole life on this machine, as a text; takes some minutes.
walk-through: $(BIN)/python
	$(INSTALL) '.[sandbox]'
	$(BIN)/python docs/walk_through.py

# Apart from ours, since it pins a botocore of its own.
$(AWS_CLI)/aws:
	$(PYTHON) -m venv $(AWS_CLI:/bin=)
	$(AWS_CLI)/pip --disable-pip-version-check --quiet install awscli

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip --disable-pip-version-check --quiet install uv
