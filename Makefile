# make run    start everything on this machine and try it by hand
# make demo   the same, and walk through the flow by itself
# make test   lint, unit tests and end-to-end tests
# make help   all targets

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
GO ?= go
# Versions are those of go.mod and go.sum: nothing here may change them.
export GOFLAGS := $(shell $(GO) env GOFLAGS) -mod=readonly
# Tests wait for Kubernetes as much as for the processor: with more of them at once each takes longer, and all no less.
PARALLEL ?= 10
# Those that have brokers and clusters of their own, one after the other: two clusters at once are too much for two cores.
LONG := deploy/kind test/e2e test/faults test/local test/packets
# Those that send packets, in network namespaces, and what they need: they skip themselves where there can be none, which is told.
SENDING := test/silk test/packets
SENDING_NEEDS := ip nsenter iptables iptables-restore containerd ctr runc unshare

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build the broker, and the worker's plugin, into bin/
	$(GO) build -o bin/broker ./cmd/broker
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/c2c-cni ./cmd/c2c-cni

.PHONY: run
run: ## start a local cluster, a Cloud Foundry stand-in and the broker; Ctrl-C ends it
	@$(GO) build -o bin/local ./test/local && exec bin/local run

.PHONY: demo
demo: ## walk through the flow on a local cluster, step by step; PACKETS=1: with packets of apps that are refused and answered, as root on Linux
	@$(GO) build -o bin/local ./test/local && exec bin/local demo

.PHONY: bench
bench: ## measure the broker on a local cluster, beside the Helm SDK and plain apply; BENCH=create,bind: some of it
	@$(GO) build -o bin/bench ./test/bench && exec bin/bench

.PHONY: test
test: needs-cc packets lint ## lint, unit tests and end-to-end tests, with the race detector
	@echo "== building the local control plane, unless it is cached"
	@$(GO) build -o bin/local ./test/local && bin/local build
	@echo "== testing"
	@mkdir -p bin
	{ $(GO) test -race -timeout 50m -parallel $(PARALLEL) $$($(GO) list ./... | grep -v $(LONG:%=-e /%$$)); short=$$?; \
	  $(GO) test -race -timeout 50m -parallel $(PARALLEL) -p 1 $(LONG:%=./%) && exit $$short; } 2>&1 | tee bin/test.log || { \
	  echo "== what failed; all of it is in bin/test.log"; \
	  grep -E '^ *--- FAIL|^ +[a-z_]+_test\.go:[0-9]+: |^panic: |^FAIL' bin/test.log | cut -c1-300 | tail -60; exit 1; }

	@bin/local packets 2>/dev/null || true

.PHONY: test-packets
test-packets: needs-cc packets ## the tests alone that send packets, as root; fails where there can be none
	@$(GO) build -o bin/local ./test/local && bin/local packets && bin/local build
	$(GO) test -race -count=1 -v -timeout 15m -parallel $(PARALLEL) -p 1 $(SENDING:%=./%/...)
	$(GO) test -race -count=1 -v -timeout 15m -run '^TestDemoWithPackets$$' ./test/local

# Debian's programs for network namespaces, installed where one is missing and can be.
.PHONY: packets
packets:
	@missing=; for program in $(SENDING_NEEDS); do command -v $$program >/dev/null || missing=yes; done; \
	[ -z "$$missing" ] || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { \
	  echo "== installing iproute2, iptables, containerd and runc"; apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 iptables util-linux containerd runc >/dev/null || true; }

.PHONY: test-faults
test-faults: needs-cc ## the fault tests alone and at length: half an hour and more
	@$(GO) build -o bin/local ./test/local && bin/local build
	FAULTS=long $(GO) test -race -count=1 -v -timeout 150m -parallel $(PARALLEL) ./test/faults

# The seeds, and what fuzzing has once found, are ordinary tests in `make test`.
FUZZTIME ?= 1m
FUZZ ?= Fuzz

.PHONY: fuzz
fuzz: ## fuzz every parser of outside input, FUZZTIME=1m each: a quarter of an hour, and as long again to build at first; FUZZ=FuzzPlans: one
	@failed=; while IFS=: read -r file function; do \
	  target=$${function#func }; echo "== $$target in $$(dirname $$file)"; \
	  $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "$$(dirname $$file)" || failed="$$failed $$target"; \
	done < <(grep -roE '^func $(FUZZ)[A-Za-z]*' --include='*_fuzz_test.go' . | sort); \
	[ -z "$$failed" ] || { echo "== failed:$$failed; the inputs are kept in testdata/fuzz, beside each: commit them with what mends them"; exit 1; }

.PHONY: needs-cc
needs-cc:
	@command -v $$($(GO) env CC) >/dev/null || { \
	  echo "The race detector needs a C compiler, and '$$($(GO) env CC)' isn't there. Install one, for example with: apt-get install gcc libc6-dev"; exit 1; }

.PHONY: lint
lint: bin/golangci-lint ## gofmt, go vet, staticcheck and more
	@echo "== linting"
	bin/golangci-lint run ./...

bin/golangci-lint: tools/go.mod tools/go.sum
	@echo "== building golangci-lint (a minute or two, once)"
	cd tools && $(GO) build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: vet-deps
vet-deps: bin/govulncheck bin/vetdeps ## known vulnerabilities, withdrawn and deprecated modules; asks the net, VETDEPS=-offline: as far as it can
	bin/vetdeps $(VETDEPS)

bin/govulncheck: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o ../bin/govulncheck golang.org/x/vuln/cmd/govulncheck

bin/vetdeps: tools/go.mod $(wildcard tools/vetdeps/*.go)
	cd tools && $(GO) build -o ../bin/vetdeps ./vetdeps

bin/sbom: tools/go.mod $(wildcard tools/sbom/*.go)
	cd tools && $(GO) build -o ../bin/sbom ./sbom

.PHONY: sbom
sbom: bin/sbom build ## list what bin/broker is built from, as CycloneDX JSON, in bin/broker.cdx.json
	bin/sbom bin/broker > bin/broker.cdx.json

# Of the same commit, with its tags, and version of Go the same bytes come out in every clone, whatever the host's Go is set to:
# only a binary's version differs where a clone lacks the tag. The loop is since cp differs between systems on "folder/".
ARCHS ?= amd64 arm64
DIST_ENV := CGO_ENABLED=0 GOFLAGS=-mod=readonly GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT= GOFIPS140=off

.PHONY: dist
dist: bin/sbom ## build static binaries for Linux on any host, each with its bill of materials and the charts beside it, into dist/
	rm -rf dist
	@set -e; for arch in $(ARCHS); do \
	  to=dist/linux-$$arch; echo "== $$to"; mkdir -p $$to/charts; \
	  $(DIST_ENV) GOOS=linux GOARCH=$$arch $(GO) build -trimpath -buildvcs=auto -ldflags "-s -w" -o $$to/broker ./cmd/broker; \
	  bin/sbom $$to/broker > $$to/broker.cdx.json; \
	  for chart in charts/*/; do cp -R "$${chart%/}" $$to/charts/; done; done

.PHONY: image
image: dist ## build the container image for this host's processor with buildah; docker build works as well
	buildah bud $(BUILDAH_FLAGS) -t cf-helm-broker .

.PHONY: manifests
manifests: ## render deploy/kubernetes and deploy/silk-worker from their charts, and write the settings into the chart's schema
	$(GO) test -count=1 -run 'TestSchemaKnowsTheSettings' ./deploy/chart -update
	$(GO) test -count=1 -run 'ManifestsAreTheCharts' ./deploy/chart -update

.PHONY: clean
clean: ## remove what was built here; the control plane's cache stays
	rm -rf bin dist
