# Every target makes what it needs; CI calls these and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

# One more than there are CPUs: some tests wait for processes.
TEST_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# What breaks runs and processes, whatever the versions of packages: `make test` runs it.
ANY_VERSION := --ignore=tests/trust --ignore=tests/fuzz --ignore=tests/engines \
    --ignore=tests/run/test_trust.py --ignore=tests/cli/test_streams.py

.DEFAULT_GOAL := help
.PHONY: help install format check lint types test fuzz faults test-all test-lowest test-wheel bench scale docs demo build clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP)  ## Make .venv with augtool and what its tests need

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	sh .ci/headless $(BIN)/python
	touch $@

format: $(STAMP)  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint types  ## Lint and type-check

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

test: $(STAMP)  ## Run the tests
	$(BIN)/python -m pytest -q -n $(TEST_WORKERS) -m 'not slow' --durations=15

fuzz: $(STAMP)  ## Run the fuzzers and interruptions at nightly size
	AUGTOOL_FUZZ=1 $(BIN)/python -m pytest -q -n auto tests/cli/test_streams.py \
	    tests/engines tests/fuzz tests/run/test_trust.py tests/run/test_worker_deaths.py \
	    tests/run/test_expand_sources.py tests/sinks tests/sources/test_bombs.py \
	    tests/test_sources_to_sinks.py tests/trust

faults: $(STAMP)  ## Break runs and outputs in all ways, and write docs/faults.md
	AUGTOOL_FAULTS=docs/faults.md $(BIN)/python -m pytest -q -n auto tests/trust

test-all: $(STAMP)  ## Run the tests with Keras, jax, datasets and Ray too (downloads much)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,readers,ray]'
	KERAS_BACKEND=jax $(BIN)/python -m pytest -q -n auto

test-lowest: $(STAMP)  ## Run the tests with the oldest packages that pyproject.toml allows
	$(PYTHON) -m venv --clear build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/lowest/bin/uv pip install --quiet --python build/lowest/bin/python \
	    --resolution lowest-direct --editable '.[dev]'
	sh .ci/headless build/lowest/bin/python
	build/lowest/bin/python -m pytest -q -n $(TEST_WORKERS) -m 'not slow' $(ANY_VERSION)

test-wheel: build  ## Install the wheel alone, in a clean environment, and run it
	$(PYTHON) -m venv --clear build/wheel
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	build/wheel/bin/augtool --version
	build/wheel/bin/augtool --help > /dev/null
	build/wheel/bin/augtool config init > build/starter.yaml
	build/wheel/bin/augtool config check build/starter.yaml > /dev/null
	build/wheel/bin/augtool config init --recipe chollet > build/chollet.yaml
	cmp build/chollet.yaml configs/chollet.yaml

bench: $(STAMP)  ## Measure augtool beside its rivals, and write the tables (takes long)
	$(BIN)/python benchmarks/run.py --augtool-python $(BIN)/python --only 1,2,3,4,5,6 \
	    --json benchmarks/results.json $(BENCH)
	$(BIN)/python benchmarks/run.py --augtool-python $(BIN)/python --only 7,8,9 \
	    --rivals augtool,albumentations --json benchmarks/recipe.json $(BENCH)
	$(BIN)/python benchmarks/costs.py --augtool-python $(BIN)/python --json benchmarks/costs.json
	$(BIN)/python benchmarks/benchmarks_page.py benchmarks/results.json docs/benchmarks.md
	$(BIN)/python benchmarks/speed_page.py benchmarks/costs.json benchmarks/recipe.json docs/speed.md

scale: $(STAMP)  ## Measure trees of up to a million files (takes 20 GB and half an hour)
	$(BIN)/python benchmarks/scale.py --augtool-python $(BIN)/python --million --runs 1 \
	    --entries 1000000 10000000 --page docs/benchmarks.md $(SCALE)

docs: $(STAMP)  ## Build the documentation, build/docs/index.html, and run its blocks
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml
	$(BIN)/python -m pytest -q tests/test_site.py

demo: $(STAMP)  ## Make a small picture tree, expand it, and show what came out
	$(BIN)/python examples/demo.py demo

build: $(STAMP)  ## Build the wheel
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean:  ## Remove everything that was made
	rm -rf $(VENV) build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
