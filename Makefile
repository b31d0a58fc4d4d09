# Everything runs in .venv, which the first command makes. `make help` lists the commands.

PYTHON ?= python3.11
# The model of the book: auto, bert-base-uncased, all-MiniLM-L6-v2, or a folder.
MODEL ?= auto
# The model that is evaluated: a sample in a test must be of the same one everywhere.
EVALUATED = $(if $(filter auto,$(MODEL)),all-MiniLM-L6-v2,$(MODEL))
# An extra index for torch, such as PyTorch's own one of CPU builds (see the README).
TORCH_INDEX ?=
# What `make notebooks` runs.
NOTEBOOKS ?= notebooks/*.ipynb notebooks/template/chapter.ipynb
# Where the benchmarks write their figures; the book shows those in
# trendlib/benchmark/figures.
BENCH ?= _build/bench

BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help book book-zh catalogues pdf links address test lint types unit nbval lab reproduce evaluate evaluate-quick bench bench-run bench-encode notebooks picture lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) is not there: install Python 3.11, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v != (3, 11) and "Python 3.11 is needed, $(PYTHON) is %d.%d" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[book,test,ray,onnx]'
	@touch $@

book: $(READY) ## build the HTML book, in English and Chinese; makes only what changed
	@$(BIN)/python book/tools/build.py --model '$(MODEL)'

book-zh: $(READY) ## build the Chinese edition alone, to _build/html/zh
	@$(BIN)/python book/tools/build.py --model '$(MODEL)' --edition zh

catalogues: $(READY) ## bring the Chinese edition's catalogues up to date, for translators
	@$(BIN)/python book/tools/catalogues.py

pdf: $(READY) ## run the notebooks and print the book, to _build/pdf/trendbook.pdf
	@$(BIN)/python book/tools/build.py --model '$(MODEL)' --pdf

links: $(READY) ## check the links that leave the book, where there is a network
	@$(BIN)/python book/tools/build.py --links

test: lint types unit nbval evaluate-quick ## run every check

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# Files of tests side by side, each with one thread for its arithmetic.
unit: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

nbval: $(READY)
	$(BIN)/pytest --nbval-lax --nbval-current-env -p no:cacheprovider notebooks

lab: $(READY) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

reproduce: $(READY) ## recompute every figure that the articles printed
	@$(BIN)/trendlib reproduce --csv _build/reproduce/figures.csv

evaluate: $(READY) ## put the claims to a test, for the book (50 minutes; goes on where it stopped)
	@$(BIN)/trendlib evaluate --model '$(EVALUATED)'

# Tasks whose data cannot be had are named, and not run.
evaluate-quick: $(READY) ## the same with a small sample, to see that everything works (2 minutes)
	@$(BIN)/trendlib evaluate --model '$(EVALUATED)' --quick --skip-unreachable

bench: bench-run bench-encode ## time `trendlib run`, and batches, against their peers (15 minutes)

bench-run: $(READY)
	@$(BIN)/python tests/benchmark/bench_run.py --out $(BENCH)/run.json

bench-encode: $(READY)
	@$(BIN)/python tests/benchmark/bench_encode.py --out $(BENCH)/encode.json

notebooks: $(READY) ## run the notebooks, or NOTEBOOKS, and keep their outputs, to be committed
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
	  --ExecutePreprocessor.record_timing=False --log-level=ERROR $(NOTEBOOKS)

address: $(READY) ## put the address REPOSITORY (and BRANCH) of this repository wherever it stands
	@$(BIN)/python book/tools/address.py '$(REPOSITORY)' $(if $(BRANCH),--branch '$(BRANCH)')

picture: $(READY) ## draw the picture of the README and the opening page
	$(BIN)/python book/tools/picture.py

lock: $(READY) ## write constraints.txt from what is installed
	@{ echo "# Every version that the book is tested with; \`make lock\` writes this file."; \
	  $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//'; } > constraints.new
	@mv constraints.new constraints.txt && touch $(READY)

clean: ## remove what was built, and .venv
	rm -rf _build .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
