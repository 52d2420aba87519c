# The front door. `make demo` and `make test` do all their set-up themselves.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON := /usr/bin/python3
JOBS ?= $(shell nproc)
PRESET ?= release

.PHONY: help demo build test unit behaviour model tidy e2e asan format packages test-packages clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: packages ## Show the main job on a sandbox: no cluster, no root, no network (under 3 minutes the first time)
	@cmake --preset release -DNBKEYS_TESTS=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@rm -f build-configure.log
	@cmake --build build/release -j $(JOBS) --target nbkeys nbkeys_sandbox
	@$(PYTHON) tests/demo/demo.py

build: packages ## Build build/release/nbkeys
	@cmake --preset $(PRESET)
	@cmake --build build/$(PRESET) -j $(JOBS) --target nbkeys

test: test-packages ## Run all tests; with Go >= 1.25 on the PATH also those on real servers
	@$(PYTHON) tests/run.py

unit behaviour model tidy e2e asan: test-packages ## Run one part of the tests
	@$(PYTHON) tests/run.py --only $@

format: ## Format the C++ sources (needs clang-format)
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

packages:
	@.ci/install-packages

test-packages:
	@.ci/install-packages --tests

clean: ## Remove the build folders
	@rm -rf build
