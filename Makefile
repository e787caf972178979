# `make start` is all that a newcomer needs: it makes .venv, installs adkit with JupyterLab and opens the first tutorial.
# The other targets are for people who work on adkit. What a target installs is remembered in a stamp inside .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

TUTORIAL := notebooks/01_first_gradient.ipynb
BIN := .venv/bin
LABEXTENSION := $(shell find extension/labextension -type f 2>/dev/null)
# The first interpreter that is new enough. `make start PYTHON=/path/to/python` decides otherwise.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

WHEEL := build/wheel/adkit-$(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' adkit/__init__.py)-py3-none-any.whl
SOURCES := $(shell find adkit extension -type f -not -name '*.pyc' 2>/dev/null)
PYODIDE := build/pyodide/node_modules/pyodide/package.json

.PHONY: help start demo test lint test-js test-python test-notebooks test-gpu bench notebooks format docs lite binder

help:
	@echo 'make start      install into .venv and open the first tutorial in JupyterLab'
	@echo 'make demo       run the first tutorial without a browser and write it as HTML'
	@echo 'make test       everything that continuous integration runs'
	@echo 'make test-gpu   the table of primitives on a CUDA device'
	@echo 'make docs       the documentation site, in build/docs'
	@echo 'make lite       the tutorials as a JupyterLite site, in build/lite'
	@echo 'make binder     what Binder does, in a virtual environment of its own'
	@echo 'make bench      adkit beside HIPS autograd, PyTorch and JAX'
	@echo 'make notebooks  run the notebooks and save their outputs'
	@echo 'make lint       ruff and mypy'
	@echo 'make format     let ruff rewrite the code'

start: .venv/.have-notebook
	$(BIN)/jupyter lab $(AS_ROOT) $(TUTORIAL)

demo: .venv/.have-notebook
	$(BIN)/jupyter nbconvert --execute --to html --output-dir build $(TUTORIAL)
	@echo "Open build/$(notdir $(TUTORIAL:.ipynb=.html)) in a browser."

test: lint docs lite test-js test-python test-notebooks binder

lint: .venv/.have-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-js: .venv/.have-programs $(WHEEL) $(PYODIDE)
	node --test $$(find tests/js -name '*.test.*js' | sort)

# Unit, property, kernel and browser tests, the doctests of both packages and the README's tour.
test-python: .venv/.have-test .venv/.have-programs
	$(BIN)/python -m pytest --ignore=tests/gpu -n auto --dist=loadfile

# Saved outputs must be what a run gives today. (Execution through nbclient is tests/notebooks.)
test-notebooks: .venv/.have-test
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-kernel-startup-timeout=300 \
		--nbval-sanitize-with tests/nbval_sanitize.cfg notebooks/

test-gpu: .venv/.have-test
	@$(BIN)/python -c 'import cupy' 2>/dev/null || $(BIN)/pip install -e '.[$(CUDA)]'
	$(BIN)/python -m pytest tests/gpu

# Sphinx, with every warning as an error.
docs: .venv/.have-docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env --quiet -b html docs build/docs
	@echo 'Open build/docs/index.html in a browser.'

lite: .venv/.have-lite $(WHEEL)
	rm -rf build/lite build/lite-files && mkdir -p build/lite-files
	$(BIN)/jupyter lite build --lite-dir build/lite-files --contents $(CURDIR)/notebooks \
		--output-dir $(CURDIR)/build/lite --piplite-wheels $(CURDIR)/$(WHEEL) >build/lite-files/log 2>&1 || { cat build/lite-files/log; exit 1; }
	@echo 'Serve it: python -m http.server --directory build/lite'

# The steps of binder/, in a fresh environment, and then what a reader would open first.
binder: .venv/bin/python
	rm -rf build/binder && $(PYTHON) -m venv build/binder
	build/binder/bin/python -m pip install --quiet --disable-pip-version-check -r binder/requirements.txt
	PATH="$(CURDIR)/build/binder/bin:$$PATH" binder/postBuild
	build/binder/bin/jupyter labextension list 2>&1 | grep -E '^ *adkit .*enabled.*OK'
	build/binder/bin/jupyter nbconvert --execute --to html --output-dir build/binder $(TUTORIAL)

# Which CuPy fits the installed driver. `make test-gpu CUDA=cuda12` decides otherwise.
CUDA ?= $(if $(shell nvidia-smi 2>/dev/null | grep -o 'CUDA Version: 12'),cuda12,cuda13)

bench: .venv/.have-bench
	$(BIN)/python -m benchmarks

# Run the notebooks and save what they show today, for a look at the difference before it is committed.
notebooks: .venv/.have-notebook
	$(BIN)/jupyter nbconvert --to notebook --inplace --execute --ExecutePreprocessor.record_timing=False notebooks/*.ipynb

format: .venv/.have-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	@test -n '$(PYTHON)' || { echo 'adkit needs Python 3.11 or newer; none was found. Install one, or say which: make start PYTHON=/path/to/python'; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv'; exit 1; }

# `make bench` takes PyTorch's build without CUDA where the index has it: a tenth of the download.
.venv/.have-bench: EXTRA_INDEX := --extra-index-url https://download.pytorch.org/whl/cpu
.venv/.have-notebook .venv/.have-test .venv/.have-bench .venv/.have-docs .venv/.have-lite: .venv/.have-%: pyproject.toml $(LABEXTENSION) | .venv/bin/python
	@echo 'Installing adkit[$*] into .venv (a minute or two the first time)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(EXTRA_INDEX) -e '.[$*]'
	@touch $@

.venv/.have-programs: tests/install_programs.sh | .venv/bin/python
	@bash tests/install_programs.sh
	@touch $@

$(WHEEL): $(SOURCES) pyproject.toml | .venv/.have-lite
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --disable-pip-version-check -w build/wheel .

# Python for WebAssembly, with its standard library; NumPy and SciPy are not in this package.
$(PYODIDE): tests/js/pyodide/package.json | .venv/.have-programs
	mkdir -p build/pyodide && cp tests/js/pyodide/package.json build/pyodide/
	npm install --prefix build/pyodide --silent --no-audit --no-fund
	@touch $@
