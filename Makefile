# Run `make` or `make help` for the list of targets.

GO        ?= go
BIN       := bin/idem

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the idem binary into bin/
	$(GO) build -trimpath -o $(BIN) ./cmd/idem

.PHONY: run
run: build ## start the sandbox, the service and a status page on this machine
	$(BIN) dev

.PHONY: demo
demo: build ## run the tutorial's six steps against a new sandbox and service
	$(BIN) demo

# Many tests wait for timers and processes, so one package more than there are processors is
# tested at once.
.PHONY: test
test: ## run every test; `go test -short ./...` runs the quick ones
	@./scripts/browser
	@./scripts/jsreceiver
	@./scripts/postgres
	@mkdir -p bin && rm -f bin/test-report.txt
	IDEM_TEST_REPORT=$(CURDIR)/bin/test-report.txt $(GO) test -timeout 30m -p $$(($$(getconf _NPROCESSORS_ONLN) + 1)) ./...
	@echo "What the tests of docs/guarantees.md measured:"; cat bin/test-report.txt
	@test -d "$${PERSONA_OPENAPI:-../shared/spec}" || echo "The conformance tests were skipped: set PERSONA_OPENAPI to a clone of Persona's OpenAPI repository."

.PHONY: race
race: ## run every test under the race detector
	$(GO) test -race ./...

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, and generated files up to date
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@./scripts/generated

.PHONY: conformance
conformance: ## check the sandbox against the OpenAPI documents in PERSONA_OPENAPI and print the figures
	@./scripts/conformance

.PHONY: generate
generate: ## regenerate files from the OpenAPI documents in PERSONA_OPENAPI
	$(GO) generate ./internal/codegen

.PHONY: soak
soak: ## inject faults for SOAK (default 10m) on both databases, then run 1,000 simulations
	@SOAK=$(or $(SOAK),10m) ./scripts/soak

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (default 10000x, that is 10,000 inputs; or a duration such as 10m)
	@./scripts/fuzz $(or $(FUZZTIME),10000x)

.PHONY: cover
cover: ## print the statement coverage of the SDK's hand-written code
	@./scripts/cover

.PHONY: bench
bench: ## run the benchmarks; they print ratios because machines differ
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...
