# Thin names for tasks.py, which also runs where there is no make: `py tasks.py demo` on Windows.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo test bench samples docs notebook validation change studies card lock clean

help:
	@$(PYTHON) tasks.py --help

demo test bench samples docs notebook validation change studies card lock clean:
	@$(PYTHON) tasks.py $@
