# Both commands of the README need git, make and Node 20 or newer; everything else comes from the npm registry.
#   make        publish this site, its shim and its chart to a registry on this machine
#   make test   all checks
#   make help   every target
.DEFAULT_GOAL := publish

PNPM := npx --yes pnpm@12.21.0
# Tests, scripts and actions run on Node 24; on Linux it is installed with the other packages.
NODE := $(if $(filter Linux,$(shell uname -s)),node_modules/.bin/node,node)
# Runs a script of package.json; pnpm run does the same.
RUN := $(NODE) --run
# stand-ins (default) or online: the real GitHub, Helmet and Spin, still with the local registry
UPSTREAM ?= stand-ins
export UPSTREAM
INSTALLED := node_modules/.installed

$(INSTALLED): pnpm-lock.yaml pnpm-workspace.yaml package.json $(wildcard packages/*/package.json actions/*/package.json .github/actions/*/package.json dev/*/package.json)
	@CI=true $(PNPM) install --frozen-lockfile --loglevel=error
	@touch $@

.PHONY: publish
publish: $(INSTALLED) ## publish to a local registry (the default; UPSTREAM=online)
	@$(RUN) publish-local

.PHONY: site
site: $(INSTALLED) ## show the website on http://localhost:3000 while you edit it
	@$(RUN) site

.PHONY: check-site
check-site: $(INSTALLED) ## check front matter, templates and links of site/
	@$(RUN) check-site

.PHONY: registry
registry: $(INSTALLED) ## serve what make published on http://localhost:5000
	@$(RUN) registry

.PHONY: test
test: check unit ## all checks: types, lint, generated files, tests

.PHONY: unit
unit: $(INSTALLED) ## the tests alone
	@$(RUN) unit

.PHONY: check
check: $(INSTALLED) ## types, lint, and that generated files are up to date
	@$(RUN) check

.PHONY: dist
dist: $(INSTALLED) ## rebuild bundles, README tables and tree.txt
	@$(RUN) build

.PHONY: tree
tree: $(INSTALLED) ## rewrite tree.txt
	@$(RUN) tree

.PHONY: docs
docs: $(INSTALLED) ## run the commands of the guides and write what they print into them
	@$(RUN) docs

.PHONY: interop
interop: $(INSTALLED) ## third-party clients and registries (INTEROP_ALLOW_SKIP=1)
	@$(RUN) interop

.PHONY: cluster
cluster: $(INSTALLED) ## roll versions under load in a real Kubernetes (root; ROLLS=2, SPIN=…)
	@$(RUN) cluster

.PHONY: bench
bench: $(INSTALLED) ## measure beside the command-line tools
	@$(RUN) bench

.PHONY: version-set
version-set: $(INSTALLED) ## set the site's version and the chart's appVersion (TAG=0.1.2)
	@$(RUN) version-set -- "$(TAG)"

.PHONY: chart-version-set chart-vers-set
chart-version-set chart-vers-set: $(INSTALLED) ## set the version of the chart (SEMVER=1.0.3)
	@$(RUN) chart-version-set -- "$(SEMVER)"

.PHONY: release
release: $(INSTALLED) ## push the tags of both versions, the site's first
	@$(RUN) release

.PHONY: clean
clean: ## remove the local registry and other state of make
	rm -rf .sandbox

.PHONY: distclean
distclean: clean ## remove installed packages as well
	rm -rf node_modules packages/*/node_modules actions/*/node_modules .github/actions/*/node_modules dev/*/node_modules

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## / { gsub(/ /, ", ", $$1); printf "  make %-36s %s\n", $$1, $$2 }' Makefile
