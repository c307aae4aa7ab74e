# Two commands for a newcomer: `make demo` and `make test`. Nothing is needed but Python 3.11+ and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_OUT := reports/demo

.PHONY: demo test check lint types layers docs bench clean

# The environment is made again whenever what it is made from changes.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/recsim generate smoke --force
	@$(BIN)/recsim replay smoke --force --out $(DEMO_OUT)/replay
	@$(BIN)/recsim evaluate smoke --scenario smoke --force --out $(DEMO_OUT)/evaluate
	@$(BIN)/recsim capacity-plan smoke --audit --force --from $(DEMO_OUT)/replay --out $(DEMO_OUT)/capacity-plan
	@echo "report:" && $(BIN)/recsim report data/smoke $(DEMO_OUT)/replay $(DEMO_OUT)/evaluate $(DEMO_OUT)/capacity-plan --out $(DEMO_OUT)/report.html

test: check
	$(BIN)/python -m pytest -m ''

check: lint types layers

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

layers: $(VENV)/.installed
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.installed
	$(BIN)/python -m recsim.schema.document docs/schema.md
	$(BIN)/python -m recsim.scenario.document docs/scenarios.md

bench: $(VENV)/.installed
	for file in tests/bench/bench_*.py; do $(BIN)/python $$file; done

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
