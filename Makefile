# Two commands on a fresh machine: `make lab` and `make test`. All that they do is in make.py, which also runs
# without make: python make.py lab
PYTHON ?= python3
ARGS ?=

.PHONY: lab test bench format env
lab test bench env:
	@$(PYTHON) make.py $@ $(if $(ARGS),-- $(ARGS))
format:
	@$(PYTHON) make.py format
