# What there is to do here: `make help`. Every target installs what it misses first, quickly where nothing is missing.

PYTHON ?=
export PYTHON
# Where it is set, each of the many processes of a rehearsal compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-run demo test check bench soak pictures lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing: Debian packages, .venv/ (PYTHON=/path/to/python3.13 for another one)
	@tools/setup.sh all
	@echo "setup: nothing is missing"

setup-run:
	@tools/setup.sh run

demo: setup-run ## the rehearsal counter on this machine, until Ctrl-C (PORT=8080, else the next free one)
	@exec .venv/bin/hexiao demo $(if $(PORT),--port $(PORT))

test: setup ## every test (ARGS='tests/gateway -x' for some)
	.venv/bin/python -m pytest $(ARGS)

check: setup-run ## format, lint, types, layers
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m ruff check .
	.venv/bin/python -m mypy
	.venv/bin/python -m pytest --quiet -n 0 tests/test_layers.py

bench: setup ## every benchmark (ONLY=decode for one); build/bench.json
	@exec .venv/bin/python -m benchmarks $(ONLY)

soak: setup ## the long runs: histories, power cuts, kill -9 (SEEDS=, IMAGES=, KILLS= are counts); build/soak.json
	@exec .venv/bin/python -m simulator.soak $(if $(SEEDS),--seeds $(SEEDS) --redemptions 0) $(if $(IMAGES),--images $(IMAGES)) $(if $(KILLS),--kills $(KILLS))

pictures: setup ## take the pictures of the documentation again, from the running product
	.venv/bin/python -m tools.pictures

lock: setup-run ## make requirements/*.lock again (UPGRADE=1 takes the newest versions)
	@tools/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## remove what was built and cached; .venv/ stays
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
