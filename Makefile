.PHONY: help run test check bench drill lock shots
PY ?= python3

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
run:  ## set up what is missing and serve the demo on http://127.0.0.1:8000
	@$(PY) bootstrap.py run
test:  ## set up what is missing and run every check and test
	@$(PY) bootstrap.py test
check:  ## lint, types, floors, templates
	@$(PY) bootstrap.py check
bench:  ## search quality and speed, beside other engines
	@$(PY) bootstrap.py bench
drill:  ## the long drills: kills, writers, tamperings
	@$(PY) bootstrap.py drill
lock:  ## write requirements*.txt anew from requirements*.in
	@$(PY) bootstrap.py lock
