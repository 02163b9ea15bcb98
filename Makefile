# One machine with Python 3.11 and make is enough: uv comes from the lock's own version, nothing else is assumed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000
UV_VERSION := 0.13.8
PY := .venv/bin/python
STAMP := .venv/.locked
export UV_PYTHON_DOWNLOADS := never

.PHONY: setup run test fuzz chaos randomness lint types bench clean
.DEFAULT_GOAL := run

setup: $(STAMP)

$(STAMP): uv.lock pyproject.toml
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@env -u VIRTUAL_ENV .venv/bin/uv sync --frozen --quiet
	@touch $(STAMP)

run: setup
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py seed_demo
	@exec $(PY) manage.py serve --host $(HOST) --port $(PORT)

# TEST_ARGS narrows it: make test TEST_ARGS="tests/wallet -x". tests/conftest.py says what runs together and when.
test: setup
	@$(PY) -m pytest -n auto --dist loadgroup --no-loadscope-reorder $(TEST_ARGS)

# Many random calls of every operation of the OpenAPI document, others each time.
fuzz: setup
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),200) $(PY) -m pytest -n auto tests/api/test_schema_fuzz.py

# Platform and operator killed at random while players of three wallets play: CHAOS_SEED, CHAOS_KILLS.
chaos: setup
	@$(PY) -m tests.chaos --kills $(or $(CHAOS_KILLS),200) $(if $(CHAOS_SEED),--seed $(CHAOS_SEED))

# Statistical tests of the instant games' generator: RANDOMNESS_SIZE words of each.
randomness: setup
	@$(PY) -m tests.randomness $(if $(RANDOMNESS_SIZE),--size $(RANDOMNESS_SIZE))

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run

types: setup
	@$(PY) -m mypy

bench: setup
	@$(PY) -m bench

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache staticfiles
