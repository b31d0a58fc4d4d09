# Everything runs in .venv, which the first command makes. `make help` lists the commands.

# Python keeps what it compiles, even where the environment says not to: tests start hundreds of
# processes, and set-up leaves modules uncompiled.
unexport PYTHONDONTWRITEBYTECODE

# The first of these that fits makes .venv; `make PYTHON=/path/to/python` names another one.
PYTHON ?= python3.11 python3.12 python3.13 python3.14 python3
# The model of the book: auto, bert-base-uncased, all-MiniLM-L6-v2, the folder of an encoder, or an
# encoder on the Hugging Face hub, as ORGANIZATION/NAME or ORGANIZATION/NAME@REVISION.
MODEL ?= auto
# How often `make weights` asks a hub that is busy, with longer and longer pauses.
ATTEMPTS ?= 1
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
# Files of tests side by side, each with one thread for its arithmetic. There are two more than
# processors, up to four: many tests wait for a process that they have started.
SIDE_BY_SIDE = OMP_NUM_THREADS=1 $(BIN)/pytest --maxprocesses 4 --dist loadfile \
  --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --no-loadscope-reorder
# The JavaScript of the pages, and its tests.
SCRIPTS = book/explorer book/styles/pages.js tests/book/scripts
SCHEMA = $(BIN)/check-jsonschema --quiet --builtin-schema vendor
# The front door is left out: asked for all its names, it loads torch.
METHOD := $(filter-out trendlib/__%,$(wildcard trendlib/*.py))
# What the book needs is installed, and what the tests need.
BOOK := .venv/.ready-book
TEST := .venv/.ready-test

.DEFAULT_GOAL := help
.PHONY: help book test lab pdf reproduce clean check lint types method unit fuzz mutants nbval book-zh catalogues \
  notebooks weights evaluate evaluate-quick bench bench-run bench-encode links address picture lock

# Both stamps are written last: a set-up that was stopped is taken up again.
ITS_VERSION := import sys; print("%d.%d.%d" % sys.version_info[:3])
FITS := import sys; sys.exit(not (3, 11, 5) <= sys.version_info[:3] < (3, 15))
define set_up
@for python in $(PYTHON); do \
  version=$$($$python -c '$(ITS_VERSION)' 2>/dev/null) || continue; \
  if $$python -c '$(FITS)'; then \
    exec $$python book/tools/install.py $(1) $(if $(TORCH_INDEX),--index '$(TORCH_INDEX)'); \
  fi; \
  found="$$found $$python is $$version;"; \
done; \
echo "Python 3.11.5 to 3.14 is needed:$${found:- none of $(PYTHON) was found;} install one, or say where it is: make PYTHON=/path/to/python3.13"; \
exit 1
endef

$(BOOK): pyproject.toml constraints.txt book/requirements.txt
	$(call set_up,book)
	@touch $@

$(TEST): pyproject.toml constraints.txt tests/requirements.txt
	$(call set_up,test)
	@touch $(BOOK) $@

#: For readers
help: ## list the commands
	@awk -F ':.*## ' '/^#: / { print (n++ ? "\n" : "") substr($$0, 4) } \
	  /^[a-z-]+:.*## / { printf "  %-16s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

book: $(BOOK) ## build the HTML book, in English and Chinese; only what has changed
	@$(BIN)/python book/tools/build.py --model '$(MODEL)'

# The type checker uses one processor only, and leaves the others to the notebooks.
test: lint ## run all checks
	@$(MAKE) --no-print-directory --jobs=2 types nbval
	@$(MAKE) --no-print-directory unit evaluate-quick

lab: $(BOOK) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks

pdf: $(BOOK) ## run the notebooks and print the book, to _build/pdf/trendbook.pdf
	@$(BIN)/python book/tools/build.py --model '$(MODEL)' --pdf

reproduce: $(BOOK) ## recompute every figure that the articles printed, and list those that could not be
	@$(BIN)/trendlib reproduce --csv _build/reproduce/figures.csv || { \
	  status=$$?; [ $$status -eq 3 ] || exit $$status; \
	  echo 'This is not an error: all figures that could be compared are equal. To run the rest, connect once or copy the weights.'; \
	}

clean: ## remove all that was built, and .venv
	rm -rf _build .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

#: For maintainers (see CONTRIBUTING.md)
check: lint types method ## style, types and the tests of the method, in under a minute

lint: $(TEST) ## check the style, the workflows and forms, and the notebooks as they are committed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	NO_COLOR=1 $(BIN)/deno lint --quiet --config book/deno.json $(SCRIPTS) .github/lint_workflows.js
	$(BIN)/python book/tools/committed.py $(NOTEBOOKS)
	$(SCHEMA).github-workflows .github/workflows/*.yml
	$(SCHEMA).dependabot .github/dependabot.yml
	$(SCHEMA).github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA).github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(SCHEMA).citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet --persona=pedantic .github
	NO_COLOR=1 $(BIN)/deno run --quiet --config .github/deno.json --allow-read --allow-env=CI \
	  .github/lint_workflows.js .github/workflows

types: $(TEST) ## check the types
	$(BIN)/mypy
	NO_COLOR=1 $(BIN)/deno check --quiet --config book/deno.json $(SCRIPTS)

method: $(TEST) ## only the tests of the method, in seconds: no torch, no browser
	$(BIN)/pytest -q tests/core $(METHOD)

unit: $(TEST) ## all tests except those of the notebooks' outputs
	NO_COLOR=1 $(BIN)/deno test --quiet --no-check --config book/deno.json --allow-read tests/book/scripts
	$(SIDE_BY_SIDE)

# As many of each kind as FUZZ says; the suite tries a few hundred in all.
fuzz: $(TEST) ## damage every file that a command reads, in thousands of ways (FUZZ=1000 per kind)
	@FUZZ='$(or $(FUZZ),1000)' OMP_NUM_THREADS=1 $(BIN)/pytest -q -s tests/cli/test_fuzz.py

mutants: $(TEST) ## plant errors in the statistics, and check that a test notices each (MUTANT=words)
	@OMP_NUM_THREADS=1 $(BIN)/python tests/evaluate/mutants.py '$(MUTANT)'

nbval: $(TEST) ## test that a fresh run of the notebooks returns the committed outputs
	$(SIDE_BY_SIDE) --nbval-lax --nbval-current-env -p no:cacheprovider notebooks

book-zh: $(BOOK) ## build only the Chinese edition, to _build/html/zh
	@$(BIN)/python book/tools/build.py --model '$(MODEL)' --edition zh

catalogues: $(BOOK) ## update the catalogues of the Chinese edition, for translators
	@$(BIN)/python book/tools/catalogues.py

notebooks: $(BOOK) ## run the notebooks (or NOTEBOOKS) and save their outputs, to be committed
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
	  --ExecutePreprocessor.record_timing=False --log-level=ERROR $(NOTEBOOKS)

weights: $(BOOK) ## fetch the weights of MODEL, and check them (ATTEMPTS=6: ask a busy hub again)
	@$(BIN)/python book/tools/fetch.py --model '$(MODEL)' --attempts '$(ATTEMPTS)'

evaluate: $(BOOK) ## test the claims, for the book (40 minutes; continues where it stopped)
	@$(BIN)/trendlib evaluate --model '$(EVALUATED)'

# Tasks whose data cannot be downloaded are listed, and skipped.
evaluate-quick: $(BOOK) ## the same with a small sample, to check that everything works (2 minutes)
	@$(BIN)/trendlib evaluate --model '$(EVALUATED)' --quick --skip-unreachable

bench: bench-run bench-encode ## time `trendlib run` and batches against the alternatives (half an hour)

bench-run: $(TEST)
	@$(BIN)/python tests/benchmark/bench_run.py --out $(BENCH)/run.json

bench-encode: $(TEST)
	@$(BIN)/python tests/benchmark/bench_encode.py --out $(BENCH)/encode.json

links: $(BOOK) ## check the book's external links (needs a network)
	@$(BIN)/python book/tools/build.py --links

picture: $(BOOK) ## draw the picture of the README and the opening page
	$(BIN)/python book/tools/picture.py

address: $(BOOK) ## write REPOSITORY wherever the address of this repository appears
	@$(BIN)/python book/tools/address.py '$(REPOSITORY)'

version: $(BOOK) ## write VERSION wherever the version of the package and the book appears
	@$(BIN)/python book/tools/version.py '$(VERSION)'

dist: $(TEST) ## build the sdist and the wheel, and try each out where nothing else is installed
	@$(BIN)/python book/tools/dist.py $(if $(TORCH_INDEX),--index '$(TORCH_INDEX)')

lock: $(TEST) ## pin the versions of all packages, and their hashes (UPGRADE=yes: the newest ones)
	@$(BIN)/python book/tools/lock.py $(if $(UPGRADE),--upgrade)
