# `make run` and `make test` do all set-up themselves; everything they install lives in .venv/.
# Another Python: make run PYTHON=python3.12     More for pilotage: make run ARGS="--dataset mine"
PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# Without compiling: each module is compiled when it is first imported, most of them never; this halves the time.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile --no-deps
# Everything Jupyter and matplotlib like to write into a home folder goes here: a home may be read-only.
OWN_HOME := $(CURDIR)/$(VENV)/home
HOME_FILES := IPYTHONDIR="$(OWN_HOME)/ipython" JUPYTER_CONFIG_DIR="$(OWN_HOME)/jupyter" JUPYTER_DATA_DIR="$(OWN_HOME)/jupyter" \
	JUPYTER_RUNTIME_DIR="$(OWN_HOME)/runtime" MPLCONFIGDIR="$(OWN_HOME)/matplotlib"

# Every page has a kernel of its own: compiled anew for each of them, pandas alone would take seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test coverage bench-evaluate bench-guardrails bench-integration lab lock clean

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1 \t\2/p' $(MAKEFILE_LIST) | expand -t 22

install: $(VENV)/base ## set up .venv with what the playbook needs

run: $(VENV)/base ## run the playbook on the sample; set-up included
	@$(HOME_FILES) $(BIN)/pilotage run $(ARGS)

test: $(VENV)/all ## run every check; set-up included
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(HOME_FILES) $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

coverage: $(VENV)/all ## check cell by cell, and over 200 seeds of the sample, that the intervals hold the truth (20 minutes)
	$(BIN)/python -m pytest tests/statistics/test_coverage_table.py tests/statistics/test_false_go.py tests/kpis/test_coverage.py \
		tests/oversight/test_promotion_simulated.py \
		--repeats 20000 --seeds 200 --timeout 7200 -s

bench-evaluate: $(VENV)/base ## measure what an evaluation costs beside a plain loop of calls (minutes)
	$(BIN)/python tests/bench/evaluate.py $(ARGS)

bench-guardrails: $(VENV)/all ## measure what the guardrails catch, stop in error and cost (ARGS=quality for one part)
	$(BIN)/python tests/bench/guardrails $(ARGS)

bench-integration: $(VENV)/all ## measure the directly-follows graph beside a bare query of the same columns
	$(BIN)/python tests/bench/integration.py $(ARGS)

lab: $(VENV)/base ## open JupyterLab on the pages; outputs stay on the screen and out of the files
	$(HOME_FILES) $(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/notebooks \
		--FileContentsManager.pre_save_hook=pilotage.lab.strip_before_save \
		$(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

# The lock has two parts, resolved together: what the playbook needs (with the extra `pages`: page 03 adapts the
# classifier, page 05 probes one system of each kind), then what only the checks need. The optional detectors (`presidio`, `stackone`) bring half a gigabyte and
# are in neither.
CUT := \# Only the checks need what follows.

$(VENV)/base: $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo "Installing what the playbook needs into $(VENV)/ (half a minute where the packages are already cached)"
	@sed '/^$(CUT)/,$$d' requirements.lock > $(VENV)/base.lock
	@$(PIP) --require-hashes -r $(VENV)/base.lock
	@$(PIP) --no-build-isolation -e .
	@touch $@

$(VENV)/all: $(VENV)/base
	@echo "Installing what the checks need into $(VENV)/"
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
	found=$$($(PYTHON) --version 2> /dev/null | head -n 1); \
	echo "pilotage needs Python 3.11 or newer; $(PYTHON) is $${found:-not to be found}." >&2; \
	echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 2; }

# One resolution for all Pythons and systems, with hashes and without an index's address. The playbook's own needs are
# resolved again under it, for their names: they make the first part. To upgrade: make lock ARGS=--upgrade
UV := $(VENV)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url
BUILD := printf 'hatchling\neditables\n' |
PART := awk -F '==' 'FNR == NR {base[$$1]; next} /^[^ ]/ {mine = ($$1 in base) == wanted} mine'

lock: | $(VENV)/uv ## resolve requirements.lock anew
	@sed '/^#/d' requirements.lock > $(VENV)/whole.txt
	$(BUILD) $(UV) $(ARGS) --generate-hashes --extra pages --extra local --extra postgres --extra xes --extra test pyproject.toml - -o $(VENV)/whole.txt > /dev/null
	$(BUILD) $(UV) --constraint $(VENV)/whole.txt --extra pages pyproject.toml - -o $(VENV)/base.txt > /dev/null
	@{ echo '# Made by `make lock`. First what the playbook needs, then what only the checks need.'; \
	$(PART) wanted=1 $(VENV)/base.txt $(VENV)/whole.txt; echo '$(CUT)'; \
	$(PART) wanted=0 $(VENV)/base.txt $(VENV)/whole.txt; } > $(VENV)/new.lock
	@mv $(VENV)/new.lock requirements.lock

$(VENV)/uv: | $(VENV)/pyvenv.cfg
	@$(BIN)/python -m venv $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check uv

clean: ## remove .venv and what the tools left behind; reports/ stays
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find lib tests -name __pycache__ -prune -exec rm -rf {} +
