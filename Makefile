# What a developer or CI does here; `make` alone lists it. Needs python3 and make only.

UV  := .venvs/uv/bin/uv
SAM := .venvs/sam/bin/sam
RUN := .venv/bin/python -m

# What sam and the layer's build (which looks for uv on the path) need to know.
WITH_SAM := PATH="$(CURDIR)/.venvs/uv/bin:$$PATH" SAM_CLI_TELEMETRY=0

# Trust the certificates that this machine trusts, a company's proxy among them.
export UV_SYSTEM_CERTS := 1

# What is type-checked; formatted and linted is everything.
SOURCES := layers/common/checkout functions local cli mocktill/src/mocktill

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run sam-local test test-fast fast-tests test-stack prove coverage check format build browser screenshots cold-start deploy lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/ready .venvs/sam/ready .venvs/embedded-aws/ready ## Run everything here: an embedded AWS, a Stripe sandbox, a storefront
	@$(RUN) local

sam-local: .venv/ready .venvs/sam/ready ## Let `sam local` run the functions against the stack that runs (needs Docker or Podman)
	@$(RUN) local.sam_local

test: test-fast test-stack ## Check and test everything, as CI does

# What the checks say is shown after the tests, which they run beside.
test-fast: .venv/ready .venvs/sam/ready .venvs/embedded-aws/ready ## All of it but the tests that need a running stack
	@log=$$(mktemp); $(MAKE) --no-print-directory check >"$$log" 2>&1 & check=$$!; \
	trap 'kill $$check; exit 130' INT TERM; \
	$(MAKE) --no-print-directory fast-tests; tests=$$?; \
	wait $$check; checked=$$?; cat "$$log"; rm "$$log"; \
	test $$tests = 0 && test $$checked = 0

fast-tests: .venv/ready .venvs/embedded-aws/ready ## The same without the checks
	$(RUN) pytest mocktill --numprocesses auto --dist worksteal
	COVERAGE_CORE=sysmon $(RUN) pytest --numprocesses auto --dist worksteal --cov --ignore tests/stack

test-stack: browser .venvs/sam/ready .venvs/embedded-aws/ready ## Test the deployed stack (CHECKOUT_STACK_JSON=.local/stack.json: the one that runs)
	$(RUN) pytest -r s tests/stack

# The first of the seeds that the histories are made of: fix it to tell the same again.
SEED ?= $(shell date +%s)
HISTORIES ?= 10000

prove: .venv/ready ## Tell ten thousand histories of payments badly, and see that nothing is lost (HISTORIES, SEED)
	@echo "SEED=$(SEED)"
	HISTORIES=$(HISTORIES) SEED=$(SEED) $(RUN) pytest tests/prove --numprocesses auto --dist worksteal --quiet

coverage: .venv/ready ## Which branches the fast tests take, too; lines alone are quicker
	$(RUN) pytest --numprocesses auto --dist worksteal --cov --cov-branch --ignore tests/stack

check: .venv/ready .venvs/sam/ready ## Format, lint, types, imports, template
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy $(SOURCES)
	PYTHONPATH=.:layers/common:mocktill/src .venv/bin/lint-imports
	$(WITH_SAM) AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint

format: .venv/ready ## Format the code and repair what can be repaired
	$(RUN) ruff format
	$(RUN) ruff check --fix

build: .venvs/sam/ready ## Build what is deployed into .aws-sam
	$(WITH_SAM) $(SAM) build

browser: .venv/ready ## Find the browser for the tests that need one, or install it
	@$(RUN) local.browser

screenshots: browser ## Take the pictures in docs/images, of the stack that runs
	$(RUN) local.screenshots

cold-start: .venv/ready ## Count what a first request costs, on the stack that runs (needs valgrind)
	$(RUN) local.cold_start

deploy: build .venv/ready ## Deploy to your AWS account; asks for the parameters
	$(WITH_SAM) $(SAM) deploy --guided

LOCK := $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.13 \
	--no-emit-index-url --no-header pyproject.toml

lock: .venvs/uv/ready ## Lock the dependencies that pyproject.toml names (UPGRADE=1: their newest)
	$(LOCK) $(if $(UPGRADE),--upgrade) --group runtime --output-file layers/common/requirements.txt
	for group in uv dev sam embedded-aws; do \
		$(LOCK) $(if $(UPGRADE),--upgrade) --group $$group --output-file requirements/$$group.txt || exit; \
	done

clean: ## Remove everything that was built or installed
	rm -rf .venv .venvs .local .aws-sam .coverage* .*_cache .hypothesis

# Environments. Each is as new as its lock file.

.venv/ready: requirements/dev.txt | .venvs/uv/ready
	$(call install,.venv)

.venvs/sam/ready .venvs/embedded-aws/ready: .venvs/%/ready: requirements/%.txt | .venvs/uv/ready
	$(call install,.venvs/$*)

define install
	@echo "Installing $< into $(1)"
	@test -x $(1)/bin/python || $(UV) venv --quiet --python 3.13 $(1) || { \
		echo "Python 3.13 is needed, and uv could neither find nor fetch it: install it." >&2; exit 1; }
	@$(UV) pip sync --quiet --require-hashes --python $(1)/bin/python $<
	@touch $@
endef

.venvs/uv/ready: requirements/uv.txt
	@python3 -c "import ensurepip, venv" || { \
		echo "python3 cannot make environments: install its venv module (apt install python3-venv)." >&2; exit 1; }
	@echo "Installing uv into .venvs/uv"
	@python3 -m venv .venvs/uv
	@.venvs/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
