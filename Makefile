# Everything a contributor does here. A fresh clone needs Go and nothing else for `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO        ?= go
export CGO_ENABLED ?= 0

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
BRANCH    ?= $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null || echo unknown)
# The commit's time, not the build's: the same commit gives the same binary.
BUILDDATE ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
VERSIONPKG := github.com/prometheus/common/version
LDFLAGS   := -s -w -X $(VERSIONPKG).Version=$(VERSION) -X $(VERSIONPKG).Revision=$(REVISION) \
             -X $(VERSIONPKG).Branch=$(BRANCH) -X $(VERSIONPKG).BuildDate=$(BUILDDATE)

PKG       ?= ./...
RUN       ?= .
FUZZ      ?=
FUZZTIME  ?= 30s
BENCH     ?= .
BENCHTIME ?= 1s
COUNT     ?= 1
ONCE      ?=
DATA      ?=
# Labelled corpora: the directory may be missing.
DATA_DIR  ?= $(or $(TIDEWATCH_DATA),$(wildcard ../shared/data))
ARGS      ?=
REPORT    ?=

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: ## Build bin/tidewatch, statically linked.
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/tidewatch ./cmd/tidewatch

.PHONY: demo
demo: build ## Watch a simulated fleet. ONCE=1 ends with a verdict; DATA=dir plays CSV files; ARGS adds flags.
	bin/tidewatch demo $(if $(ONCE),--once) $(if $(DATA),--data='$(DATA)') $(ARGS)

# The race detector needs cgo, and so a C compiler; without one the tests run without it, and say so. It makes numeric tests ten
# times slower, so under it they run -short, on less data; test-full has them at full length. go vet is part of lint, not of this.
# What only computes and is not ours (SQLite's code, the drawing of charts, gonum) is compiled without the detector's checks, and what is
# linked but never called (the clouds' libraries that Prometheus's own configuration wants) without inlining as well, to compile sooner.
# Without symbol tables linking the fifty test binaries takes a third less. Tests of the service wait more than they compute,
# so four packages run at once, on two cores as well.
# REPORT=1 prints a summary in place of go test's own lines: times, the slowest tests, what was skipped and why.
UNRACED := modernc.org/sqlite/lib modernc.org/libc/... github.com/golang/freetype/... golang.org/x/image/... image/... compress/... hash/... \
           gonum.org/v1/gonum/...
UNUSED  := github.com/aws/... github.com/Azure/... github.com/AzureAD/... cloud.google.com/... google.golang.org/api/... \
           google.golang.org/grpc/... github.com/google/s2a-go/... github.com/googleapis/... github.com/felixge/...
.PHONY: test
test: $(if $(REPORT),bin/testreport) ## Run the tests with the race detector, in random order. PKG and RUN choose some.
	@race=(-race -short $(UNRACED:%=-gcflags=%=-race=false) $(foreach p,$(UNUSED),'-gcflags=$(p)=-race=false -l')); if ! command -v "$$(CGO_ENABLED=1 $(GO) env CC)" >/dev/null; then \
	  if [ -n "$${CI:-}" ]; then echo "make test: no C compiler for the race detector" >&2; exit 1; fi; \
	  race=(); echo "make test: no C compiler, so the race detector is off" >&2; \
	else export CGO_ENABLED=1; fi; \
	set -x; $(GO) test $${race[@]+"$${race[@]}"} -p 4 -ldflags='-s -w' -vet=off -shuffle=on -timeout 10m -run '$(RUN)' $(if $(REPORT),-json) $(PKG) $(if $(REPORT),| bin/testreport)

.PHONY: test-full
test-full: ## Run the numeric tests at full length, without the race detector.
	$(GO) test -ldflags='-s -w' -shuffle=on -timeout 10m $$(git grep -l 'testing.Short()' -- '*.go' | xargs -n 1 dirname | sort -u | sed 's,^,./,')

# SEED is the first seed; alone it is the one to repeat.
RUNS ?= $(if $(SEED),1,10000)
SEED ?=
.PHONY: chaos
chaos: ## Perform RUNS (10000) seeded runs of the service among faults, and kill it 50 times.
	TIDEWATCH_CHAOS='$(RUNS)' TIDEWATCH_CHAOS_SEED='$(SEED)' $(GO) test -count=1 -timeout 60m -run '^TestChaos' ./internal/app ./internal/outbox ./alerting/notify

.PHONY: test-peer
test-peer: ## Check the remote-read server against Prometheus's own client (a module of its own, minutes to build).
	cd internal/readserver/peertest && $(GO) test ./...

.PHONY: cross
cross: ## Check that arm64 decides as this machine does, under qemu; needs qemu-aarch64-static.
	mkdir -p bin
	TIDEWATCH_SCORES_OUT=$(CURDIR)/bin/scores.jsonl $(GO) test -count=1 -run TestArchitectures ./internal/engine
	GOARCH=arm64 $(GO) test -c -o bin/engine-arm64.test ./internal/engine
	cd internal/engine && TIDEWATCH_SCORES_WANT=$(CURDIR)/bin/scores.jsonl qemu-aarch64-static ../../bin/engine-arm64.test -test.v -test.run TestArchitectures

.PHONY: lint
lint: bin/golangci-lint ## Check style and likely mistakes; .golangci.yml has the rules and their exceptions.
	bin/golangci-lint config verify
	bin/golangci-lint run $(PKG)

.PHONY: fmt
fmt: bin/gofumpt ## Format all Go files.
	bin/gofumpt -w $$(git ls-files '*.go')

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (30s). FUZZ chooses by name.
	@tools/fuzz.sh '$(FUZZTIME)' '$(FUZZ)'

# Where no corpora are at hand, generated ones still show whether detection has become worse.
GENERATED := bin/generated-corpora
bench_data = $(or $(DATA_DIR),$(error no corpora: set DATA_DIR, or TIDEWATCH_DATA, to a directory that bench --data can read))

.PHONY: bench
bench: build ## Measure detection on the corpora in DATA_DIR; rewrite docs/benchmarks.md and the headline figures.
	bin/tidewatch bench --data '$(bench_data)' --page docs/benchmarks.md --headline bench/headline.json --json bin/bench.json
	bin/tidewatch bench generate $(GENERATED)
	bin/tidewatch bench --data $(GENERATED) --headline bench/headline-generated.json --baselines=false

.PHONY: bench-check
bench-check: build ## Fail if detection is worse than the committed headline figures, on generated corpora and on DATA_DIR if it is there.
	bin/tidewatch bench generate $(GENERATED)
	bin/tidewatch bench --data $(GENERATED) --check bench/headline-generated.json --baselines=false --cost=false
	$(if $(DATA_DIR),bin/tidewatch bench --data '$(DATA_DIR)' --check bench/headline.json --baselines=false --cost=false)

.PHONY: microbench
microbench: bin/benchstat ## Run the Go benchmarks and summarise them. BENCH, PKG, BENCHTIME and COUNT choose.
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime '$(BENCHTIME)' -count $(COUNT) $(PKG) | tee bin/bench.txt
	bin/benchstat bin/bench.txt

.PHONY: golden
golden: ## Rewrite golden files and generated documents, then show what changed.
	tools/golden.sh
	git diff --stat

.PHONY: rules
rules: ## Check the alert rules and run their unit tests; needs promtool.
	promtool check rules configs/rules/*.rules.yml
	promtool test rules configs/rules/*.test.yml

.PHONY: integration
integration: $(if $(REPORT),bin/testreport) ## Run against real Prometheus servers; installs or builds them where they are missing.
	servers=$$(internal/integration/servers.sh); for s in $$servers; do export "$$s"; done; \
	export TIDEWATCH_INTEGRATION=$${CI:+required} TIDEWATCH_BACKENDS=$${CI:+victoria-metrics}; \
	set -x; $(GO) test -tags integration -timeout 15m -run '$(RUN)' $(if $(REPORT),-json,-v) ./internal/integration ./ingest $(if $(REPORT),| bin/testreport)

.PHONY: integration-backends
integration-backends: ## Read from VictoriaMetrics, Mimir, Cortex and Thanos; builds them where they are missing, in 15 minutes.
	internal/integration/backends.sh
	TIDEWATCH_BACKENDS=victoria-metrics,mimir,cortex,thanos $(GO) test -tags integration -run TestBackends -v ./internal/integration

.PHONY: ci
ci: ## Do what CI does.
	.ci/run

.PHONY: clean
clean: ## Remove what was built.
	rm -rf bin

# The tools are pinned in a module of their own, so that the product's does not require what they require.
bin/golangci-lint: tools/go.mod
	cd tools && $(GO) build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/gofumpt: tools/go.mod
	cd tools && $(GO) build -o ../$@ mvdan.cc/gofumpt
bin/testreport: tools/go.mod tools/testreport/main.go
	cd tools && $(GO) build -o ../$@ ./testreport
bin/benchstat: tools/go.mod
	cd tools && $(GO) build -o ../$@ golang.org/x/perf/cmd/benchstat
