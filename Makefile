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
demo: build ## walk through the tutorial's six steps against a fresh sandbox and service
	$(BIN) demo

.PHONY: test
test: ## run every test
	@./scripts/browser
	@./scripts/postgres
	@mkdir -p bin
	PROOF_FIGURES=$(CURDIR)/bin/proofs.txt $(GO) test -timeout 30m ./...
	@echo "What the proofs of docs/guarantees.md counted:"; cat bin/proofs.txt
	@test -d "$${PERSONA_OPENAPI:-../shared/spec}" || echo "Nothing was held to Persona's OpenAPI documents: PERSONA_OPENAPI names no folder with them."

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
conformance: ## print how far the sandbox conforms to the OpenAPI documents PERSONA_OPENAPI names
	@./scripts/conformance

.PHONY: generate
generate: ## write the generated files again, from the OpenAPI documents PERSONA_OPENAPI names
	$(GO) generate ./...

.PHONY: soak
soak: ## kill, lose and double things for SOAK (default 10m) on both databases, then simulate 1,000 times
	@SOAK=$(or $(SOAK),10m) ./scripts/soak

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (default 10000x inputs each; 10m for ten minutes)
	@./scripts/fuzz $(or $(FUZZTIME),10000x)

.PHONY: cover
cover: ## print the statement coverage of the SDK's hand-written code
	@./scripts/cover

.PHONY: bench
bench: ## run the benchmarks; they print ratios, since machines differ
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...
