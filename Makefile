# The front door. `make demo` and `make test` do all their set-up themselves.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON := /usr/bin/python3
JOBS ?= $(shell nproc)
PRESET ?= release

.PHONY: help demo build test unit behaviour model tidy hostile gitops monitoring chart e2e asan tsan \
        e2e-cluster image simulate coverage chaos fuzz bench proof-table format packages test-packages \
        fuzz-packages cluster-packages clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: packages ## Show the main job on a sandbox: no cluster, no root, no network (compiles first, for some minutes)
	@cmake --preset release -DNBKEYS_TESTS=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@rm -f build-configure.log
	@cmake --build build/release -j $(JOBS) --target nbkeys nbkeys_sandbox
	@$(PYTHON) tests/demo/demo.py

build: packages ## Build build/release/nbkeys
	@cmake --preset $(PRESET)
	@cmake --build build/$(PRESET) -j $(JOBS) --target nbkeys

test: test-packages ## Run all tests; with Go >= 1.25 on the PATH also those on real servers
	@$(PYTHON) tests/run.py

unit behaviour model tidy hostile gitops monitoring chart asan tsan: test-packages ## Run one part of the tests
	@$(PYTHON) tests/run.py --only $@

e2e: test-packages ## Run the tests on the real servers
	@$(PYTHON) tests/run.py --only e2e e2e-behaviour

SEEDS ?= 1000
simulate: test-packages ## Simulate months on virtual time under every kind of trouble (SEEDS=1000)
	@SEEDS=$(SEEDS) $(PYTHON) tests/run.py --only sim

coverage: test-packages ## Measure what of the engine the simulation reaches
	@$(PYTHON) tests/run.py --only coverage

chaos: test-packages ## Kill, cut and restart on the real servers (NBKEYS_CHAOS_MINUTES=12)
	@$(PYTHON) tests/run.py --only chaos

fuzz: fuzz-packages ## Feed hostile bytes to every parser (NBKEYS_FUZZ_SECONDS=60 for each; needs clang)
	@$(PYTHON) tests/run.py --only fuzz

image: ## Build the image nbkeys:latest with docker, podman or buildah
	@deploy/image/build.sh

e2e-cluster: cluster-packages ## Install with Helm on a one-node cluster with real pods (root)
	@$(PYTHON) tests/run.py --only e2e-cluster

bench: test-packages ## Measure speed and size on the real servers (a quarter of an hour of a quiet machine)
	@cmake --preset release && cmake --build build/release -j $(JOBS) --target nbkeys engine_bench
	@$(PYTHON) tests/bench/bench.py

proof-table: ## Write README's table of what is proven from the last runs
	@$(PYTHON) tests/proof/table.py

format: ## Format the C++ sources (needs clang-format)
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

packages:
	@.ci/install-packages

test-packages:
	@.ci/install-packages --tests

fuzz-packages:
	@.ci/install-packages --tests --fuzz

cluster-packages:
	@.ci/install-packages --tests --cluster

clean: ## Remove the build folders
	@rm -rf build
