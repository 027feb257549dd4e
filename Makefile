# Every target explains itself: `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
SEEDS ?= 1000
ROUNDS ?= 40
MINUTES ?= 20
# Places at which tests make a process die; in nothing that is shipped.
FAILPOINTS := --features rapport-stream/failpoints
EVENTS ?= 2000000

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## A year of six simulated sites on the embedded log, live in the terminal (Ctrl-C ends it)
	@scripts/install-build-tools
	cargo build --release --bin rapport
	target/release/rapport demo $(ARGS)

.PHONY: demo-kafka
demo-kafka: ## The same with four separate services and a Kafka that is started for it
	@scripts/install-test-tools kafka
	cargo build --release --bins
	scripts/demo-kafka $(ARGS)

.PHONY: test
test: ## Everything: lints, unit, property, golden, simulation, and real Kafka, Prometheus and Alertmanager
	@scripts/install-test-tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo build --workspace --bins --locked $(FAILPOINTS)
	cargo test --workspace --locked $(FAILPOINTS) $(ARGS)

.PHONY: faults
faults: ## The fault suite at length, with checkpoints and without, with a table of its rows: ROUNDS=n rounds of what goes on at random, SEED=n for other moments
	@scripts/install-test-tools
	cargo build --workspace --bins --locked $(FAILPOINTS)
	for checkpoints in 1 0; do \
		RAPPORT_FAULT_CHECKPOINTS=$$checkpoints RAPPORT_FAULT_ROUNDS=$(ROUNDS) $(if $(SEED),RAPPORT_FAULT_SEED=$(SEED)) \
			scripts/faults cargo test --locked --workspace $(FAILPOINTS) --test main -- faults --nocapture || exit; \
	done

.PHONY: soak
soak: ## The fault suite again and again with new seeds, for MINUTES=n; ends at the first failure and says its seed
	@scripts/install-test-tools
	cargo build --workspace --bins --locked $(FAILPOINTS)
	scripts/soak $(MINUTES) cargo test --locked --workspace $(FAILPOINTS) --test main -- faults

.PHONY: sim
sim: ## Only the simulation: SEEDS=n seeds of permutation, duplication, delay, crash and torn commit
	RAPPORT_SIM_SEEDS=$(SEEDS) cargo test -p rapport-tests --locked --test main -- simulation --nocapture

.PHONY: lint
lint: ## Formatting and clippy only
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: deny
deny: ## Licences, bans and sources of all dependencies (installs cargo-deny once)
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check bans licenses sources

.PHONY: bench
bench: ## Rapport on a real Kafka beside a bare loop and a Kafka Streams job: tables, chart, docs/performance.md (EVENTS=n)
	@scripts/install-test-tools
	cargo build --release --bins --locked
	target/release/rapport-bench --events $(EVENTS) $(ARGS)

.PHONY: bench-model
bench-model: ## The pure parts by themselves, in a minute: decode, fold, refold, release, encode (ARGS=fold for one)
	cargo bench -p rapport-bench --locked --bench model -- $(ARGS)

.PHONY: calibrate
calibrate: ## False alarms and hits of the alliance rule, measured on simulated pairs: tables, chart, docs/calibration.md
	cargo run -p rapport-calibrate --locked -- $(ARGS)

.PHONY: install
install: ## Installs the command `rapport` for this user
	@scripts/install-build-tools
	cargo install --locked --path services/rapport

.PHONY: clean
clean: ## Removes build results and downloaded test servers
	cargo clean
	rm -rf .cache
