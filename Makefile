# Both commands of the README need git, make and Node 20 or newer; everything else comes from the npm registry.
#   make            publish this site, its shim and its chart to a registry on this machine
#   make test       everything that must hold
.DEFAULT_GOAL := publish
.PHONY: publish test unit check dist interop bench registry version-set chart-version-set chart-vers-set release tree clean

PNPM := npx --yes pnpm@12.21.0
# Tests, scripts and actions run on Node 24; on Linux it is installed with the other packages.
NODE := $(if $(filter Linux,$(shell uname -s)),node_modules/.bin/node,node)
JEST := $(NODE) --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js
# stand-ins (default) or online: the real GitHub, Helmet and Spin, still with the local registry
UPSTREAM ?= stand-ins
INSTALLED := node_modules/.installed

$(INSTALLED): pnpm-lock.yaml pnpm-workspace.yaml package.json $(wildcard packages/*/package.json actions/*/package.json dev/*/package.json)
	@CI=true $(PNPM) install --frozen-lockfile --loglevel=error
	@touch $@

publish: $(INSTALLED)
	@UPSTREAM=$(UPSTREAM) $(NODE) scripts/publish.ts

registry: $(INSTALLED)
	@UPSTREAM=$(UPSTREAM) $(NODE) scripts/registry.ts

test: check unit

unit: $(INSTALLED)
	@$(JEST)

check: $(INSTALLED)
	@node_modules/.bin/tsc -p .
	@node_modules/.bin/biome check --error-on-warnings .
	@$(NODE) scripts/build.ts --check
	@$(NODE) scripts/readme.ts --check
	@$(NODE) scripts/tree.ts --check

dist: $(INSTALLED)
	@$(NODE) scripts/build.ts
	@$(NODE) scripts/readme.ts
	@$(NODE) scripts/tree.ts

tree: $(INSTALLED)
	@$(NODE) scripts/tree.ts

interop: $(INSTALLED)
	@$(NODE) dev/interop/run.ts

bench: $(INSTALLED)
	@$(NODE) dev/bench/run.ts

version-set: $(INSTALLED)
	@$(NODE) scripts/version.ts site "$(TAG)"

chart-version-set chart-vers-set: $(INSTALLED)
	@$(NODE) scripts/version.ts chart "$(SEMVER)"

release: $(INSTALLED)
	@$(NODE) scripts/version.ts release

clean:
	rm -rf .sandbox node_modules
