# Two commands do everything: `make demo` and `make test`. Both set themselves up in .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
OUT    ?= out
# The tests compare with sentence-transformers, which needs PyTorch. A build without CUDA is enough:
# make test TORCH="torch --index-url https://download.pytorch.org/whl/cpu"
TORCH  ?= torch==2.13.0

.PHONY: demo test test-engine check lint types imports schemas docs bench clean

demo: $(VENV)/.base             ## size the bundled example and write out/
	$(BIN)/ai-provision size --trigger examples/shop/trigger.yaml --checkout examples/shop --out $(OUT)
	@echo "next: $(BIN)/ai-provision explain $(OUT)/recommendation.json --component inventory-api"

test: $(VENV)/.test             ## all tests
	$(BIN)/python -m pytest -n auto

test-engine: $(VENV)/.engine    ## the tests that need a real inference engine (llama.cpp)
	$(BIN)/python -m pytest -m engine -n auto

check: lint types imports test  ## what CI runs

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

imports: $(VENV)/.test
	$(BIN)/lint-imports

schemas: $(VENV)/.test          ## write schemas/json anew from the models
	$(BIN)/python -m schemas.export

docs: $(VENV)/.test             ## write the generated parts of the README anew
	$(BIN)/python -m ci.docs --write

bench: $(VENV)/.test            ## times and sizes, side by side in one run
	$(BIN)/python -m bench.speed
	$(BIN)/python -m bench.metrics_read
	$(BIN)/python -m bench.prompts

clean:
	rm -rf $(VENV) $(OUT) .bench

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable .
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet $(TORCH)
	$(PIP) install --quiet --editable '.[test]'
	touch $@ $(VENV)/.base

# llama.cpp comes as source: minutes of compiling (a C++ compiler is needed), then pip's cache has it.
# Built for any processor of this kind, and without what the tests do not use.
$(VENV)/.engine: $(VENV)/.test
	CMAKE_ARGS="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF" $(PIP) install --quiet --editable '.[engine]'
	touch $@
