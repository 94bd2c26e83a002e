# dpproxy: `make demo` shows a first private answer, `make test` runs everything.

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)
FUZZTIME ?= 20s
KILLS ?= 200

.PHONY: demo build test test-clients race vet bench bench-utility fuzz kill prerequisites clean

demo: build
	./bin/dpproxy demo

build: prerequisites
	@sh scripts/progress.sh "building dpproxy (the first time takes some minutes, as it compiles PostgreSQL's parser and SQLite)" \
		$(GO) build -ldflags "$(LDFLAGS)" -o bin/dpproxy ./cmd/dpproxy

# What is missing is said (Go, a C compiler) or installed (PostgreSQL and Redis, which the tests start on ports and in
# directories of their own).
prerequisites:
	@sh scripts/prerequisites.sh build

test:
	@sh scripts/prerequisites.sh test
	@sh scripts/test.sh

# Real drivers and tools, each installed from its registry; what this machine has no toolchain for is skipped, and says so.
test-clients:
	@sh scripts/prerequisites.sh test
	$(GO) test -tags clients -count=1 -v -timeout 90m ./internal/clienttest

vet:
	$(GO) vet ./...

race:
	@sh scripts/prerequisites.sh test
	@sh scripts/test.sh race

bench:
	@sh scripts/prerequisites.sh test
	@sh scripts/bench.sh

# bench-utility: errors beside those of Google's library, the table of docs/utility.md.
bench-utility:
	$(GO) test ./internal/utility -run '^$$' -bench Utility -benchtime 1x -answers 1000 -timeout 60m

fuzz:
	@sh scripts/fuzz.sh $(FUZZTIME)

# kill: processes are killed at random points under load; KILLS of them.
kill:
	@sh scripts/prerequisites.sh test
	DPPROXY_KILLS=$(KILLS) $(GO) run ./internal/testservers/cmd/testservers $(GO) test -count=1 -timeout 60m -v -run 'Kill|TwoProcesses|SQLite$$|Postgres$$' ./cmd/dpproxy ./budget/ledgersql

clean:
	rm -rf bin
