# Everything is built with cargo's release profile, in one target folder, so that
# HiGHS, where it has to be compiled, which takes minutes, is compiled once.

# Each recipe is one shell: what .ci/native-tools exports has to reach cargo.
SETUP = set -e; native=$$(sh .ci/native-tools); eval "$$native"
FLAGS = --locked --features "$$TAUT_FEATURES"

.PHONY: help demo install test bench peers networks study trials fmt clean

help:
	@echo 'make demo    build taut and minimize a trained network exactly'
	@echo 'make install install taut where cargo puts programs'
	@echo 'make test    format check, lints, tests, documentation'
	@echo 'make bench   benchmarks'
	@echo 'make peers   taut against other tools, for about half an hour: least values, linear regions'
	@echo 'make networks  train the networks of networks/study again from their recipes'
	@echo 'make study   the study: train its networks, run its suites, write docs/study.md (hours)'
	@echo 'make trials MNIST=FOLDER  settings and initialisations on digits (an hour at most, alone)'
	@echo 'make fmt     format the sources'
	@echo 'make clean   remove everything that was built'

demo:
	@$(SETUP); \
	echo '== demo: the proven minimum of a trained ReLU network, peaks-2x25 (a first build takes minutes)'; \
	cargo build --release $(FLAGS); \
	"$${CARGO_TARGET_DIR:-target}/release/taut" minimize instances/peaks-2x25.toml

# A library of HiGHS that was not built into the program goes where the program looks.
install:
	@$(SETUP); \
	cargo install --path . $(FLAGS); \
	root=$${CARGO_INSTALL_ROOT:-$${CARGO_HOME:-$$HOME/.cargo}}; \
	if [ -n "$${TAUT_HIGHS_LIBRARY:-}" ]; then \
		mkdir -p "$$root/lib/taut"; \
		cp "$$TAUT_HIGHS_LIBRARY" "$$root/lib/taut/"; \
	fi

test:
	@$(SETUP); \
	echo '== fmt'; \
	cargo fmt --all --check; \
	echo '== clippy'; \
	cargo clippy --workspace --release $(FLAGS) --all-targets -- -D warnings; \
	echo '== test'; \
	cargo test --release $(FLAGS); \
	cargo test --release --locked --package taut-pages; \
	echo '== doc'; \
	RUSTDOCFLAGS='-D warnings' cargo doc --release $(FLAGS) --no-deps

bench:
	@$(SETUP); \
	echo '== bench'; \
	if [ -n "$${TAUT_HIGHS_LIBRARY:-}" ]; then \
		export LD_LIBRARY_PATH="$$(dirname "$$TAUT_HIGHS_LIBRARY")$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH}"; \
	fi; \
	cargo bench --package taut-benchmarks $(FLAGS)

# What has a record is not run again: a batch that was ended goes on.
peers:
	@$(SETUP); \
	cargo build --release $(FLAGS); \
	sh benchmarks/peers/setup.sh; \
	taut="$${CARGO_TARGET_DIR:-target}/release/taut"; \
	status=0; \
	for suite in peers regions; do \
		"$$taut" bench --resume "benchmarks/$$suite.toml" -o "target/peers-runs/$$suite" || status=$$?; \
	done; \
	for suite in peers regions; do \
		"$$taut" report "target/peers-runs/$$suite" --time own --markdown "target/peers-runs/$$suite.md" || status=$$?; \
	done; \
	exit $$status

networks:
	@$(SETUP); \
	cargo build --release $(FLAGS); \
	for recipe in networks/study/*.toml; do \
		echo "$$recipe"; \
		"$${CARGO_TARGET_DIR:-target}/release/taut" train -q "$$recipe" -o "$${recipe%.toml}.onnx" > /dev/null; \
	done

# What has been trained or run already is not done again.
study:
	@$(SETUP); \
	cargo build --release $(FLAGS); \
	taut="$${CARGO_TARGET_DIR:-target}/release/taut"; \
	mkdir -p target/study/networks; \
	for seed in 1 2 3 4; do \
		for recipe in networks/study/*-2x25*.toml networks/study/*-[1-4]x10.toml networks/study/*-1x25.toml; do \
			network="target/study/networks/$$(basename "$$recipe" .toml)-s$$seed.onnx"; \
			test -e "$$network" || "$$taut" train -q "$$recipe" --seed "$$seed" -o "$$network" > /dev/null; \
		done; \
	done; \
	"$$taut" bench benchmarks/training.toml -o target/study/training --resume; \
	"$$taut" bench benchmarks/tightening.toml -o target/study/tightening --resume; \
	cargo run --release --package taut-benchmarks $(FLAGS) --bin study -- \
		target/study/training target/study/tightening docs/study.md docs/study; \
	"$$taut" report target/study/training target/study/tightening --time cpu \
		--title "The study: levers, bounds and scalings" -o docs/study/report.html

# A row that is there already is not done again.
trials:
	@$(SETUP); \
	status=0; \
	for suite in complexity initialisation; do \
		cargo run --release --package taut-benchmarks $(FLAGS) --bin trials -- \
			"benchmarks/$$suite.toml" --data "$(MNIST)" --out "target/trials/$$suite" || status=$$?; \
	done; \
	exit $$status

fmt:
	@cargo fmt --all

clean:
	@cargo clean
