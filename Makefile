# Everything a user or a developer runs. Needs Python 3.11 or newer and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format sample local-model live-sample live-visibility clean

demo: .venv/ready ## search the quickstart study and write its report
	@$(BIN)/mechlab search studies/quickstart.toml

test: .venv/ready ## the fast tests and the doctests
	$(BIN)/pytest -q -n auto -m "not slow" tests
	$(BIN)/pytest -q -n auto --doctest-modules mechlab mechanisms

check: .venv/ready ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

local-model: .venv/ready ## build a small real model once, and serve it on this machine until Ctrl-C
	@PYTHON=$(BIN)/python bash .ci/local_model serve

sample: .venv/ready ## the kept report of emulated agents, from evidence of its own: writes reports/sample.html
	@rm -f .mechlab/sample.db*
	@$(BIN)/mechlab search studies/protocol_plus_bonus.toml --storage sqlite:///.mechlab/sample.db -o reports/sample.html

live-sample: .venv/ready ## the kept real run: search with the local model, write reports/live-sample.html
	@PYTHON=$(BIN)/python bash .ci/local_model run $(BIN)/mechlab search studies/live_sample.toml -o reports/live-sample.html

live-visibility: .venv/ready ## the parts of the view hidden one at a time from the local model: reports/visibility.html
	@PYTHON=$(BIN)/python bash .ci/local_model run $(BIN)/mechlab sweep studies/sweeps/visibility_sample.toml -o reports/visibility.html

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mechlab needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
