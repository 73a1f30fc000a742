# make run    start everything on this machine and try it by hand
# make demo   the same, and walk through the flow by itself
# make test   lint, unit tests and end-to-end tests
# make help   all targets

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
GO ?= go
# Tests mostly wait for Kubernetes, not for the processor.
PARALLEL ?= 12

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build the broker into bin/
	$(GO) build -o bin/broker ./cmd/broker

.PHONY: run
run: ## start a local cluster, a Cloud Foundry stand-in and the broker; Ctrl-C ends it
	@$(GO) build -o bin/local ./test/local && exec bin/local run

.PHONY: demo
demo: ## walk through the flow on a local cluster, step by step
	@$(GO) build -o bin/local ./test/local && exec bin/local demo

.PHONY: bench
bench: ## measure the broker on a local cluster, beside the Helm SDK and plain apply; BENCH=create,bind: some of it
	@$(GO) build -o bin/bench ./test/bench && exec bin/bench

.PHONY: test
test: needs-cc lint ## lint, unit tests and end-to-end tests, with the race detector
	@echo "== building the local control plane, unless it is cached"
	@$(GO) build -o bin/local ./test/local && bin/local build
	@echo "== testing"
	@mkdir -p bin
	$(GO) test -race -timeout 40m -parallel $(PARALLEL) ./... 2>&1 | tee bin/test.log || { \
	  echo "== what failed; all of it is in bin/test.log"; \
	  grep -E '^ *--- FAIL|^ +[a-z_]+_test\.go:[0-9]+: |^panic: |^FAIL' bin/test.log | cut -c1-300 | tail -60; exit 1; }

.PHONY: test-faults
test-faults: needs-cc ## the fault tests alone and at length: half an hour and more
	@$(GO) build -o bin/local ./test/local && bin/local build
	FAULTS=long $(GO) test -race -count=1 -v -timeout 150m -parallel $(PARALLEL) ./test/faults

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

.PHONY: dist
dist: ## build the static binary, and what goes into an image beside it, into dist/
	rm -rf dist && mkdir -p dist/charts
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o dist/broker ./cmd/broker
	cp /etc/ssl/certs/ca-certificates.crt dist/
	cp -R charts/*/ dist/charts/

.PHONY: image
image: dist ## build the container image with buildah; docker build works as well
	buildah bud $(BUILDAH_FLAGS) -t cf-helm-broker .

.PHONY: clean
clean: ## remove what was built here; the control plane's cache stays
	rm -rf bin dist
