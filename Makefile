# The front door. `make demo` and `make test` do all their set-up themselves.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON := /usr/bin/python3
JOBS ?= $(shell nproc)
PRESET ?= release

.PHONY: help demo build check test test-servers test-all unit behaviour model tidy lasting sandbox upgrade hostile gitops \
        monitoring chart e2e e2e-cluster asan tsan simulate coverage chaos fuzz bench proof-table image format \
        packages test-packages fuzz-packages cluster-packages clean

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

check: packages ## Run what a change to one file needs: tidy, unit tests, behaviour in process
	@$(PYTHON) tests/run.py check

test: packages ## Run all tests that need no server: those, the model check, 20 simulated seeds
	@$(PYTHON) tests/run.py test

test-servers: test-packages ## Run the binary against servers: sandbox, hostile ones, with Go >= 1.25 the real ones
	@$(PYTHON) tests/run.py servers

test-all: fuzz-packages cluster-packages ## Run everything: both, a cluster with pods (root), sanitizers, chaos, fuzz
	@$(PYTHON) tests/run.py all

unit behaviour tidy lasting: packages
	@$(PYTHON) tests/run.py --only $@

model: packages ## Walk every step of the protocol, and see that the walk and tidy catch planted bugs
	@$(PYTHON) tests/run.py --only model model-long planted

sandbox upgrade hostile gitops monitoring chart asan tsan: test-packages
	@$(PYTHON) tests/run.py --only $@

e2e: test-packages ## Run the two suites on a real kube-apiserver, etcd and NetBird alone
	@$(PYTHON) tests/run.py --only e2e e2e-behaviour

SEEDS ?= 1000
simulate: packages ## Simulate months on virtual time under every kind of trouble (SEEDS=1000)
	@SEEDS=$(SEEDS) $(PYTHON) tests/run.py --only sim

coverage: packages ## Measure what of the engine the simulation reaches
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

proof-table: ## Write README's table of what is proven, and CONTRIBUTING's times, from the last runs
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
