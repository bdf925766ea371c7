# Each target sets up what it needs in .venv: Python 3.11 or later and a package index do.
PYTHON ?= python3
BIN := .venv/bin
NO_KERNEL := test_main.py test_benchmarks.py test_display.py test_diagram.py test_package.py \
	test_formulas.py test_pages.py test_dask_cluster.py
PYTEST := $(BIN)/pytest --numprocesses 2 --dist worksteal --durations 40
# Modules with names for users: the rooms in between are documented in prose.
DOCUMENTED := $(wildcard sk_neuron/*.py sk_neuron/_base/*.py sk_neuron/_plot/*.py sk_neuron/testing/*.py \
	sk_neuron/dask/_classifier*.py)
BUILD_TOOLS := meson-python cython ninja numpy

.PHONY: demo test test-thorough lint test-matrix test-builds test-works-with test-mutants docs test-docs \
	bench figures clean

demo: .venv/installed
	$(BIN)/python -m sk_neuron

# Once more without the compiled kernel, which hides the NumPy kernel where it is there, but
# for tests to which it is all the same.
test: .venv/installed
	$(PYTEST) tests docs/*.md README.md --pyargs sk_neuron
	SK_NEURON_KERNEL=numpy $(PYTEST) -m "not any_kernel" tests $(addprefix --ignore tests/,$(NO_KERNEL))

# As many examples as it takes to find what is rare, and others each time.
test-thorough: PYTEST += --hypothesis-profile thorough
test-thorough: test

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/numpydoc lint $(DOCUMENTED)
	$(BIN)/codespell sk_neuron tests docs benchmarks .github *.md CITATION.cff

test-matrix: .venv/installed
	$(BIN)/nox

test-builds: .venv/installed
	$(BIN)/nox --session builds

# The tools of docs/known_to_work_with.md, in the versions that it names.
test-works-with: .venv/installed
	$(BIN)/nox --session works_with

# The update rule, broken in many ways: which checks of sk_neuron.testing notice?
test-mutants: .venv/installed
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tests/mutants.py

# All is built anew, so that no page outlives its source.
docs: .venv/with_docs
	rm -rf docs/_build docs/auto_* docs/generated
	$(BIN)/python docs/draw_picture.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html

# Opens the pages that `make docs` has built in Chromium, which must be installed.
test-docs: .venv/with_docs
	$(PYTEST) docs/test_site.py

# About ten minutes on two cores that do nothing else.
bench: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'sk-neuron[bench]'
	$(BIN)/python benchmarks/run.py
	$(MAKE) figures

# What was measured, into README, the pages and their pictures: docs/figures.md has the list.
figures: .venv/installed
	$(BIN)/python benchmarks/report.py benchmarks/results/benchmarks.csv \
		--figure docs --write docs/speed.md
	$(BIN)/python benchmarks/training.py --write docs/speed.md
	$(BIN)/python benchmarks/mislabelled.py --write docs/training.md
	$(BIN)/python benchmarks/label_noise.py --write docs/all_figures.md
	$(BIN)/python benchmarks/cluster.py --write docs/scale.md
	$(BIN)/python benchmarks/wrong_labels.py --figure docs \
		--write README.md docs/when_to_use.md docs/forty_data_sets.md

clean:
	rm -rf .venv .nox build docs/_build docs/auto_* docs/generated docs/sg_execution_times.rst

# Editable, with the tools that build the kernels: Python imports the built package in the
# clone's own folder, too, and builds what has changed. A newer pyproject.toml makes a new
# environment.
.venv/installed: pyproject.toml $(shell find . -name meson.build -not -path './.*')
	test .venv/pyvenv.cfg -nt pyproject.toml || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(BUILD_TOOLS)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --no-build-isolation --editable '.[dev]'
	touch $@

# By its name the package is not built again.
.venv/with_docs: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'sk-neuron[docs]'
	touch $@
