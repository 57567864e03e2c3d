SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := .venv/bin
STAMP := .venv/.installed
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

.PHONY: docs help install demo picture pictures bench bench-check bench-scaling bench-quality bench-contests bench-drifts bench-alarms bench-series bench-images bench-late bench-tails bench-verdicts bench-replay bench-reasons chaos chaos-at-once soak test test-slow lint format types imports audit check lock clean

help: ## show these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## create or refresh .venv from the locked, hashed requirements

$(STAMP): pyproject.toml requirements/dev.txt requirements/uv.txt
	@for python in python3 python3.13 python3.12 python3.11; do \
		$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
			>/dev/null 2>&1 || continue; \
		test -x $(BIN)/python || $$python -m venv .venv; \
		break; \
	done; \
	test -x $(BIN)/python || { \
		echo "No Python found to run nightflag with." >&2; \
		echo "Expected: Python 3.11, 3.12 or 3.13 as python3, python3.13, ... on the PATH." >&2; \
		echo "To mend: install one, or create .venv with it: /path/to/python3.12 -m venv .venv" >&2; \
		exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/uv.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --compile-bytecode --require-hashes requirements/dev.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## several nights on two public data sets, with a database of their own
	$(BIN)/python deployments/demo/demo.py

picture: $(STAMP) ## the README's picture, from what the demo left
	$(BIN)/python deployments/demo/picture.py

pictures: $(STAMP) ## the documentation's pictures of Prefect and the report; needs Chromium and its chromedriver
	$(BIN)/python deployments/demo/pictures.py

bench: $(STAMP) ## nights of 1,000,000 and 10,000,000 records against plain COPY, pandas and PyOD, and where the time goes [OUT=folder]
	$(BIN)/python tests/benchmarks/night.py --out "$(or $(OUT),.)/bench.json"
	$(BIN)/python tests/benchmarks/stages.py "$(or $(OUT),.)/bench.json" --out "$(or $(OUT),.)/bench.svg"

bench-scaling: $(STAMP) ## a night in one process and in several, and up to how many records that would go on [OUT=folder]
	$(BIN)/python tests/benchmarks/scaling.py --out "$(or $(OUT),.)/scaling.json"

bench-check: $(STAMP) ## fail where a night has become slower, in ratios, than the one that is stored
	$(BIN)/python tests/benchmarks/night.py --only numeric --only mixed --only sqlite --out build/bench.json
	$(BIN)/python tests/benchmarks/ratios.py build/bench.json

bench-quality: $(STAMP) ## how well detectors rank labelled anomalies: DATA=folder [PROTOCOL=A or B] [OUT=folder]
	for protocol in $(or $(PROTOCOL),A B); do \
		$(BIN)/python tests/benchmarks/quality.py --data "$(DATA)" --protocol $$protocol \
			--out "$(or $(OUT),.)/quality-$$protocol.json"; \
	done

bench-contests: $(STAMP) ## which spoilt models the contest with the champion keeps out: DATA=folder [KEEP=folder] [OUT=folder]
	$(BIN)/python tests/benchmarks/contests.py --data "$(DATA)" $(if $(KEEP),--keep "$(KEEP)") --out "$(or $(OUT),.)/contests.json"

bench-alarms: $(STAMP) ## how long it takes to reflag 1,000,000 scored records on PostgreSQL
	$(BIN)/python tests/benchmarks/alarms.py

bench-series: $(STAMP) ## how well sequences are judged: DATA=folder of nab, skab, water [OUT=folder]
	$(BIN)/python tests/benchmarks/series.py --data "$(DATA)" --out "$(or $(OUT),.)/series.json"

bench-images: $(STAMP) ## how well images are judged: DATA=folder of chest X-rays (.npz) [OUT=folder]
	$(BIN)/python tests/benchmarks/images.py --data "$(DATA)" --out "$(or $(OUT),.)/images.json"

bench-late: $(STAMP) ## what a night makes of late, corrected and deleted records among 1,000,000 scored ones [OUT=folder]
	$(BIN)/python tests/benchmarks/late.py --out "$(or $(OUT),.)/late.json"

bench-tails: $(STAMP) ## how far alarm rates are kept beyond the calibration's ranks: DATA=folder of .npz sets [OUT=folder]
	$(BIN)/python tests/benchmarks/tails.py $(if $(DATA),--data "$(DATA)") --out "$(or $(OUT),.)/tails.json"

bench-verdicts: $(STAMP) ## what 50 verdicts do to the next night's precision: [DATA=folder of .npz] [OUT=folder]
	$(BIN)/python tests/benchmarks/verdicts.py $(if $(DATA),--data "$(DATA)") --out "$(or $(OUT),.)/verdicts.json"

bench-replay: $(STAMP) ## what 31 nights make of a planted incident and a planted drift, on two data sets [OUT=folder]
	PYTHONPATH=deployments/demo $(BIN)/python tests/benchmarks/replays.py --out "$(or $(OUT),.)/replays.json"

bench-reasons: $(STAMP) ## how quickly reasons are found, and with DATA=folder of .npz sets how faithful they are [OUT=folder]
	$(BIN)/python tests/benchmarks/reasons.py --out "$(or $(OUT),.)/reasons.json"
	$(if $(DATA),$(BIN)/python tests/benchmarks/faithfulness.py --data "$(DATA)" \
		--out "$(or $(OUT),.)/faithfulness.json")

bench-drifts: $(STAMP) ## how often stable nights are said to drift, and which changes are found [OUT=folder]
	$(BIN)/python tests/benchmarks/drifts.py --out "$(or $(OUT),.)/drifts.json"

chaos: $(STAMP) ## kill nights at random moments on both databases and look for what is half-done [N=rounds] [SEED=number] [OUT=folder]
	PYTHONPATH=. $(BIN)/python tests/benchmarks/chaos.py --rounds $(or $(N),300) $(if $(SEED),--seed $(SEED)) \
		--out "$(or $(OUT),.)/chaos.json"

chaos-at-once: $(STAMP) ## run a monitor's nights in many processes at once, and see who published what [N=rounds] [SEED=number] [OUT=folder]
	PYTHONPATH=. $(BIN)/python tests/benchmarks/chaos.py --at-once --rounds $(or $(N),200) $(if $(SEED),--seed $(SEED)) \
		--out "$(or $(OUT),.)/chaos-at-once.json"

soak: $(STAMP) ## nights upon nights in one process, and what they leave behind [N=nights] [OUT=folder]
	PYTHONPATH=. $(BIN)/python tests/benchmarks/soak.py --nights $(or $(N),200) --out "$(or $(OUT),.)/soak.json"

test: $(STAMP) ## the tests, without the slow ones, file by file on up to four cores
	$(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile

test-slow: $(STAMP) ## the slow tests
	$(BIN)/pytest -m slow

lint: $(STAMP) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

imports: $(STAMP) ## import-linter: flows -> tasks -> nightflag -> sql
	$(BIN)/lint-imports

audit: $(STAMP) ## known vulnerabilities of what is locked, where the advisories can be read
	$(BIN)/python requirements/audit.py

docs: $(STAMP) ## the documentation as a site in build/docs; a link that leads nowhere is an error
	$(BIN)/python docs/monitor_page.py
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs build/docs
	@echo "Open build/docs/index.html"

check: lint types imports audit docs test ## what CI runs

lock: $(STAMP) ## resolve the requirements again
	$(LOCK) pyproject.toml --group dev --output-file requirements/dev.txt
	$(LOCK) --group lock --output-file requirements/uv.txt
	$(LOCK) pyproject.toml --constraint requirements/dev.txt --output-file requirements/run.txt

clean: ## remove .venv and every cache
	rm -rf .venv build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
