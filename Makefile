# Commands for developers and CI; `make` lists them. Requires python3 and make only.

UV  := .venvs/uv/bin/uv
SAM := .venvs/sam/bin/sam
RUN := .venv/bin/python -m

# The environment of sam. The layer's build expects uv on the path; what is deployed is
# for Lambda, whatever the environment says.
WITH_SAM := PATH="$(CURDIR)/.venvs/uv/bin:$$PATH" SAM_CLI_TELEMETRY=0 LAYER_PYTHON=

# Trust the certificates of this machine, including that of a company proxy.
export UV_SYSTEM_CERTS := 1

# Type-checked; formatting and linting cover everything.
SOURCES := layers/common/checkout functions local cli openapi monitoring mocktill/src/mocktill

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run sam-local test test-fast fast-tests test-slow test-stack prove mutants simulate coverage check lint-openapi format openapi contract client example monitoring site links build variants browser screenshots cold-start times permissions costs can-deploy deploy smoke cli lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: can-run .venv/ready .venvs/sam/ready .venvs/embedded-aws/ready ## Run the stack locally: embedded AWS, mocktill, storefront (KEEP=1: keep the data)
	@$(RUN) local

.PHONY: can-run
can-run:
	@python3 -m local.before_run

sam-local: .venv/ready .venvs/sam/ready ## Prepare `sam local` to run functions against the running stack (needs Docker or Podman)
	@$(RUN) local.sam_local

test: test-fast test-slow test-stack ## Run all checks and tests, as CI does

# The checks run beside the tests; their output follows that of the tests.
test-fast: .venv/ready .venvs/sam/ready .venvs/checkov/ready .venvs/embedded-aws/ready ## Run the checks, and the tests that are quick
	@log=$$(mktemp); $(MAKE) --no-print-directory check >"$$log" 2>&1 & check=$$!; \
	trap 'kill $$check; exit 130' INT TERM; \
	$(MAKE) --no-print-directory fast-tests; tests=$$?; \
	wait $$check; checked=$$?; cat "$$log"; rm "$$log"; \
	test $$tests = 0 && test $$checked = 0

fast-tests: .venv/ready .venvs/embedded-aws/ready ## The same without the checks
	$(RUN) pytest mocktill --numprocesses auto --dist worksteal
	COVERAGE_CORE=sysmon $(RUN) pytest --numprocesses auto --dist worksteal --cov --ignore tests/stack -m "not slow"

test-slow: .venv/ready .venvs/docs/ready ## Run the tests that take seconds each and need no stack
	$(RUN) pytest --numprocesses auto --dist worksteal --ignore tests/stack -m slow

# Each of two processes starts a stack of its own; most of their time is waiting.
TWO_STACKS := --numprocesses 2 --dist loadfile

test-stack: .venv/ready .venvs/sam/ready .venvs/embedded-aws/ready .venvs/contract/ready ## Test a local stack (CHECKOUT_STACK_JSON=.local/stack.json: the running one)
	@$(RUN) local.browser
	$(RUN) pytest -r s tests/stack $(if $(CHECKOUT_STACK_JSON),,$(TWO_STACKS))

# The first seed of the histories; set it to reproduce a run.
SEED ?= $(shell date +%s)
HISTORIES ?= 10000

prove: .venv/ready ## Run 10,000 randomized payment histories with injected faults and check the invariants (HISTORIES, SEED)
	@echo "SEED=$(SEED)"
	HISTORIES=$(HISTORIES) SEED=$(SEED) $(RUN) pytest tests/prove --numprocesses auto --dist worksteal --quiet

# Of those names that contain it; all by default.
MUTANT ?=

mutants: .venv/ready ## Break one condition of the package at a time; a test must find each (MUTANT)
	$(RUN) tests.prove.mutants "$(MUTANT)"

simulate: .venv/ready ## Show whether reconcile keeps up with 100,000 abandoned and 20,000 paid checkouts an hour
	PYTHONPATH=.:layers/common $(RUN) tests.simulation

coverage: .venv/ready ## Measure branch coverage of the fast tests
	$(RUN) pytest --numprocesses auto --dist worksteal --cov --cov-branch --ignore tests/stack

# What GitHub reads, against the schemas that come with the tool.
SCHEMA := .venv/bin/check-jsonschema --quiet --builtin-schema

# What a reviewer looks at: the template as CloudFormation gets it, with all its parts.
REVIEWED := .local/reviewed.json
WITH_ALL := SegmentWriteKeyName=segment DeploymentStrategy=Canary10Percent5Minutes

check: .venv/ready .venvs/sam/ready .venvs/checkov/ready ## Check formatting, lint, types, imports, the template and the workflows
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy $(SOURCES)
	PYTHONPATH=.:layers/common:mocktill/src .venv/bin/lint-imports
	$(WITH_SAM) AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint
	.venvs/sam/bin/cfn-lint stacks/*.yaml
	@mkdir -p $(dir $(REVIEWED))
	.venvs/sam/bin/python tests/template/transform.py template.yaml --whole $(WITH_ALL) >$(REVIEWED)
	@if $(MAKE) --no-print-directory .venvs/redocly/ready; then $(MAKE) --no-print-directory lint-openapi; \
	else echo "NOT CHECKED: the OpenAPI document, whose linter comes with npm."; fi
	.venvs/checkov/bin/checkov --config-file .checkov.yaml --file $(REVIEWED) stacks/*.yaml
	.venv/bin/zizmor --offline --quiet --strict-collection --persona auditor .
	$(SCHEMA) vendor.github-workflows .github/workflows/*.yml
	$(SCHEMA) vendor.github-actions .github/actions/*/action.yml
	$(SCHEMA) vendor.dependabot .github/dependabot.yml
	$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA) vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))

# Redocly's rules, with neither its statistics nor its advertisement of newer versions.
lint-openapi: .venvs/redocly/ready ## Lint the OpenAPI document (needs Node.js)
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true .venvs/redocly/node_modules/.bin/redocly \
		lint --config openapi/lint/redocly.yaml functions/openapi/openapi.json

format: .venv/ready ## Format the code and apply automatic lint fixes
	$(RUN) ruff format
	$(RUN) ruff check --fix

# Of each operation and phase of schemathesis.
EXAMPLES ?= 20

contract: .venv/ready .venvs/contract/ready ## Send the running stack what the OpenAPI document allows, and what it forbids (EXAMPLES, SEED)
	CHECKOUT_STACK_JSON=.local/stack.json EXAMPLES=$(EXAMPLES) SEED=$(SEED) $(RUN) pytest --capture no tests/stack/test_contract.py

openapi: .venv/ready ## Write the OpenAPI document and the tables of fields in docs/ from the models
	METRICS_FORMAT=cloudwatch PYTHONPATH=.:layers/common $(RUN) openapi

client: clients/typescript/node_modules/ready ## Build the TypeScript client from the OpenAPI document (needs Node and npm)
	node clients/typescript/build.mjs

# The port of the example's page.
EXAMPLE_PORT ?= 5173

example: examples/react/node_modules/ready ## Run the React example beside the running stack (needs Node and npm; EXAMPLE_PORT)
	@cd examples/react && EXAMPLE_PORT=$(EXAMPLE_PORT) npm run --silent dev

monitoring: .venv/ready ## Write Datadog's monitors and dashboard and the table of alarms in docs/ from the template
	PYTHONPATH=.:layers/common $(RUN) monitoring

# The link check of `make links` follows these too: no example, and no server of yours.
NOT_LINKS := ^https?://(localhost|127\.0\.0\.1|[^/]*example\.(com|org))

site: .venvs/docs/ready ## Write the documentation site to .local/site (SERVE=1: serve it, and follow changes)
	NO_MKDOCS_2_WARNING=1 .venvs/docs/bin/mkdocs $(if $(SERVE),serve,build)
	@$(if $(SERVE),,echo "The documentation is in .local/site/index.html.")

links: site ## Check the documentation's links to other sites (needs the internet)
	.venvs/docs/bin/linkchecker --no-status --check-extern --ignore-url '$(NOT_LINKS)' .local/site/index.html

build: .venvs/sam/ready ## Build the functions and the layer into .aws-sam
	$(WITH_SAM) $(SAM) build

variants: .venv/ready ## Write templates for regions without Lambda URLs or Cognito
	@$(RUN) local.variants

browser: .venv/ready ## Find or install the browser for browser tests
	@$(RUN) local.browser --install

screenshots: browser ## Take the screenshots in docs/images of the running stack
	$(RUN) local.screenshots

cold-start: .venv/ready ## Measure each function's cold start in instructions, on the running stack (needs valgrind)
	$(RUN) local.cold_start

times: .venv/ready .venvs/sam/ready .venvs/embedded-aws/ready ## Measure a start, a restart, a change and a purchase on this machine (INSTALL=1: the installation too)
	@$(RUN) local.times

# Of a month, besides none, a thousand, a hundred thousand and ten million.
PURCHASES ?=

costs: .venv/ready ## Compute what a month costs on AWS (PURCHASES)
	@$(RUN) local.costs $(PURCHASES)

permissions: .venv/ready ## Take each permission away from the running stack; a test must miss it (PERMISSION)
	PYTHONPATH=.:layers/common:mocktill/src $(RUN) tests.permissions "$(PERMISSION)"

# The stages of samconfig.toml, and the one that is meant, if any.
STAGES := $(shell sed -n 's/^\[\(.*\)\.deploy\.parameters\]$$/\1/p' samconfig.toml)
STAGE ?=
KNOWN_STAGE = test -z "$(filter-out $(STAGES),$(STAGE))" || { \
	echo "samconfig.toml has no stage '$(STAGE)': it has $(STAGES)." >&2; exit 1; }

# The role with which CloudFormation acts (stacks/deploy-role.yaml); yours by default.
EXECUTION_ROLE ?=

# Other values of parameters than the stage has, as WITH="DeploymentStrategy=off Release=2".
WITH ?=
export WITH

# SAM keeps the answers of --guided in a file that is not tracked.
GUIDED = --guided --config-file "$(CURDIR)/.local/guided.toml"

can-deploy: .venv/ready ## Say what a deployment of STAGE lacks: a terminal, a region, credentials
	@$(KNOWN_STAGE)
	@$(RUN) local.can_deploy $(STAGE)

deploy: can-deploy build ## Deploy a STAGE of samconfig.toml to AWS (WITH: other values); without one, SAM asks
	$(if $(value WITH),@$(RUN) local.stage $(STAGE))
	$(WITH_SAM) $(SAM) deploy $(if $(STAGE),--config-env $(STAGE),$(GUIDED)) \
		$(if $(value WITH),--config-file "$(CURDIR)/.local/samconfig.toml") \
		$(if $(EXECUTION_ROLE),--role-arn $(EXECUTION_ROLE))

STACK = $(shell sed -n '/^\[$(STAGE)\.deploy\./,/^$$/s/^stack_name = "\(.*\)"/\1/p' samconfig.toml)

smoke: .venv/ready ## Try the stack of STAGE in AWS, or the one that `make run` started, with Stripe's test key
	@$(KNOWN_STAGE)
	@./checkout $(if $(STAGE),--stack $(STACK),--local) smoke

cli: .venvs/cli/ready ## Install the operator's command line, ./checkout, without the tools of developers
	@echo "Installed: ./checkout --help"

LOCK := $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.13 \
	--no-emit-index-url --no-header pyproject.toml

lock: .venvs/uv/ready $(if $(UPGRADE),.venv/ready) ## Lock the dependencies in pyproject.toml (UPGRADE=1: raise them to their newest versions)
	$(if $(UPGRADE),@$(RUN) local.raise_pins)
	$(LOCK) $(if $(UPGRADE),--upgrade) --group runtime --output-file layers/common/requirements.txt
	for group in uv dev cli sam embedded-aws checkov contract docs; do \
		$(LOCK) $(if $(UPGRADE),--upgrade) --group $$group --output-file requirements/$$group.txt || exit; \
	done

clean: ## Remove everything built or installed
	rm -rf .venv .venvs .local .aws-sam .coverage* .*_cache .hypothesis

# Packages of npm and environments, reinstalled when their lock file changes.

%/node_modules/ready: %/package-lock.json
	@command -v npm >/dev/null || { echo "This needs Node 20.19 or newer, with npm: install it." >&2; exit 1; }
	@echo "Installing $< with npm"
	@cd $* && npm ci --silent --no-audit --no-fund
	@touch $@

.venv/ready: requirements/dev.txt | .venvs/uv/ready
	$(call install,.venv)

.venvs/cli/ready .venvs/sam/ready .venvs/embedded-aws/ready .venvs/checkov/ready .venvs/contract/ready .venvs/docs/ready: .venvs/%/ready: requirements/%.txt | .venvs/uv/ready
	$(call install,.venvs/$*)

.venvs/redocly/ready: openapi/lint/package-lock.json
	@echo "Installing $< into .venvs/redocly"
	@mkdir -p .venvs/redocly && cp openapi/lint/package.json $< openapi/lint/.npmrc .venvs/redocly
	@cd .venvs/redocly && npm ci --silent
	@touch $@

# Without the network if uv's cache has everything: uv alone asks for newer indexes.
sync = $(UV) pip sync $(2) --quiet --require-hashes --python $(1)/bin/python $<

define install
	@echo "Installing $< into $(1)"
	@test -x $(1)/bin/python || $(UV) venv --quiet --python 3.13 $(1) || { \
		echo "Python 3.13 is required, and uv could neither find nor download it: install it." >&2; exit 1; }
	@$(call sync,$(1),--offline) 2>/dev/null || $(call sync,$(1))
	@touch $@
endef

.venvs/uv/ready: requirements/uv.txt
	@python3 -c "import ensurepip, venv" || { \
		echo "python3 cannot create environments: install its venv module (apt install python3-venv)." >&2; exit 1; }
	@echo "Installing uv into .venvs/uv"
	@python3 -m venv .venvs/uv
	@.venvs/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
