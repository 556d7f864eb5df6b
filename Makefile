# Two commands: `make run` shows that the course works on this machine, `make test` checks all of it. `make help` lists the rest.
# PYTHON selects the interpreter of a new environment: make run PYTHON=python3.13
# DATE selects the lessons of another day: make run DATE=2026-12-24
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run demo-class test nightly lab start notebooks data extra-torch extra-tensorflow extra-clarify extra-mpi extra-toolkit doctor clean

UV := $(or $(shell command -v uv 2>/dev/null),.venv-uv/bin/uv)
PY := .venv/bin/python
READY := .venv/.ready
TORCH := torch>=2.4,<3
# Besides PyPI, whose wheel for Linux brings 2 GB for GPUs. Not used where pip has its own indexes configured.
TORCH_INDEX := $(if $(PIP_INDEX_URL)$(PIP_EXTRA_INDEX_URL)$(PIP_FIND_LINKS)$(PIP_NO_INDEX)$(PIP_CONFIG_FILE),,--extra-index-url https://download.pytorch.org/whl/cpu)
# Releases that fit the versions in uv.lock. tensorflow-cpu is a third as large, and exists for Linux on x86-64 only.
TENSORFLOW := $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),tensorflow-cpu,tensorflow)>=2.20,<2.22
export UV_PYTHON_DOWNLOADS := never

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) data ## run the lessons and grade a small class on the local AWS; ends with a table and an HTML report
	@$(PY) -m course.regression.run $(if $(DATE),--date $(DATE))

demo-class: $(READY) data ## grade a class of thirty synthetic learners, from the roster to the dashboard
	@$(PY) -m course.cli demo-class

test: $(READY) data ## run all checks, four lanes at a time; LANES="text graders" for some
	@$(PY) -m course.regression.lanes $(LANES)

nightly: $(READY) data ## run the checks of `make test` and the slow ones, also on the packages of SageMaker Studio and on the newest
	@$(PY) -m course.regression.lanes --nightly $(LANES)

lab: $(READY) data ## start the local AWS and open JupyterLab on your own copy of the lessons
	@$(PY) -m course.lab

start: $(READY) data ## make your own copy of the lessons and the course's kernel, for a JupyterLab that you have
	@$(PY) -m course.start

notebooks: $(READY) ## build the notebooks from solutions/**/*.py; LESSON=m04_training for one
	@$(PY) -m course.authoring.build $(LESSON)

data: $(READY) ## check the data files, and rebuild those that are missing or damaged
	@$(PY) data/build.py

extra-torch: $(READY) ## add PyTorch for the CPU and torchvision, which some images and lessons need
	@$(PY) -m pip install "$(TORCH)" torchvision $(TORCH_INDEX)

# Its program `train` is removed: an image without such a program would find it.
extra-toolkit: $(READY) ## add AWS's training toolkit, to compare script mode with; needs a C compiler
	@$(UV) sync --locked --inexact --extra toolkit
	@rm -f .venv/bin/train

extra-tensorflow: $(READY) ## add TensorFlow for the CPU, which some images need
	@$(PY) -m pip install "$(TENSORFLOW)"

extra-clarify: $(READY) ## add AWS's metrics of bias and SHAP, which the image of Clarify needs
	@$(UV) sync --locked --inexact --extra clarify
	@$(PY) -c "from course import bytecode; bytecode.main([['shap', 'smclarify.bias.report']])"

extra-mpi: $(READY) ## add Open MPI and mpi4py, which jobs need that start their programs with mpirun
	@$(UV) sync --locked --inexact --extra mpi

doctor: ## find what is wrong with this machine, and the command that repairs it
	@if [ -x $(PY) ]; then $(PY) -m course.doctor; else $(or $(PYTHON),python3) -m course.doctor; fi

clean: ## remove the environment and everything built; your own copy of the lessons stays
	@rm -rf .venv .venv-uv build .pytest_cache .ruff_cache .hypothesis

# The environment is made from uv.lock. Where the machine has no uv, pip installs it into .venv-uv. Bytecode is made now, but only of
# what lessons and jobs import: they run in boxes that may not write it, and would compile pandas each time they import it.
$(READY): pyproject.toml uv.lock | $(filter .venv-uv/bin/uv,$(UV))
	@$(UV) sync --locked --inexact $(if $(PYTHON),--python $(PYTHON))
	@$(PY) -m compileall -q course
	@$(PY) -m course.bytecode
	@touch $@

.venv-uv/bin/uv:
	@$(or $(PYTHON),python3) -m venv .venv-uv || { echo "make: python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check uv
