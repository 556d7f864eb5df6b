# Two commands: `make run` shows that the course works here, `make test` proves it. `make help` lists the rest.
# PYTHON selects the interpreter of a new environment, as in: make run PYTHON=python3.13
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run demo-class test nightly lab start notebooks data extra-torch extra-tensorflow extra-toolkit doctor clean

UV := $(or $(shell command -v uv 2>/dev/null),.venv-uv/bin/uv)
PY := .venv/bin/python
READY := .venv/.ready
TORCH := torch>=2.4,<3
# Beside PyPI, whose wheel for Linux brings 2 GB for GPUs; not where pip was told its own places.
TORCH_INDEX := $(if $(PIP_INDEX_URL)$(PIP_EXTRA_INDEX_URL)$(PIP_FIND_LINKS)$(PIP_NO_INDEX)$(PIP_CONFIG_FILE),,--extra-index-url https://download.pytorch.org/whl/cpu)
# Releases that go with the versions in uv.lock; tensorflow-cpu, which is a third as large, is there for Linux on x86-64 alone.
TENSORFLOW := $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),tensorflow-cpu,tensorflow)>=2.20,<2.22
export UV_PYTHON_DOWNLOADS := never

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) data ## run every lesson and grade a small class on the local AWS; ends with a table and an HTML report
	@$(PY) -m course.regression.run

demo-class: $(READY) data ## thirty synthetic learners, from their roster to the dashboard of the graded class
	@$(PY) -m course.cli demo-class

test: $(READY) data ## all checks, three lanes at a time
	@$(PY) -m course.regression.lanes $(LANES)

nightly: $(READY) data ## the checks of `make test` and those too slow for it; on Studio's packages and on the newest
	@$(PY) -m course.regression.lanes --nightly $(LANES)

lab: $(READY) data ## open JupyterLab on your own copy of the lessons, the local AWS running
	@$(PY) -m course.lab

start: $(READY) data ## the same without JupyterLab: your own copy, and the course's kernel in a JupyterLab that is there
	@$(PY) -m course.start

notebooks: $(READY) ## derive the notebooks from solutions/**/*.py; LESSON=m04_training for one
	@$(PY) -m course.authoring.build $(LESSON)

data: $(READY) ## check the data files, rebuild what is missing or damaged
	@$(PY) data/build.py

extra-torch: $(READY) ## add PyTorch for the CPU, which some images and lessons need, and torchvision, which AWS's image has
	@$(PY) -m pip install "$(TORCH)" torchvision $(TORCH_INDEX)

# Its program `train` goes again: it would be found by an image that has none.
extra-toolkit: $(READY) ## add AWS's training toolkit, by which script mode is tested; takes a C compiler
	@$(UV) sync --locked --inexact --extra toolkit
	@rm -f .venv/bin/train

extra-tensorflow: $(READY) ## add TensorFlow for the CPU, which some images need
	@$(PY) -m pip install "$(TENSORFLOW)"

doctor: ## what is wrong with this machine, and the command that mends it
	@if [ -x $(PY) ]; then $(PY) -m course.doctor; else $(or $(PYTHON),python3) -m course.doctor; fi

clean: ## remove the environment and all that was built; your own copy of the lessons stays
	@rm -rf .venv .venv-uv build .pytest_cache .ruff_cache .hypothesis

# The environment is made from uv.lock; uv itself comes by pip into a folder of its own where the machine has none. Bytecode is made now,
# in 20 seconds: jobs and kernels run in boxes that may not write it, and would compile pandas anew each time they import it.
$(READY): pyproject.toml uv.lock | $(filter .venv-uv/bin/uv,$(UV))
	@$(UV) sync --locked --inexact --compile-bytecode $(if $(PYTHON),--python $(PYTHON))
	@$(PY) -m compileall -q course
	@touch $@

.venv-uv/bin/uv:
	@$(or $(PYTHON),python3) -m venv .venv-uv || { echo "make: python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check uv
