# Everything is built with cargo's release profile, in one target folder, so that
# HiGHS, which takes minutes to compile, is compiled once.

# Each recipe is one shell: what .ci/native-tools exports has to reach cargo.
SETUP = set -e; native=$$(sh .ci/native-tools); eval "$$native"

.PHONY: help demo test bench networks fmt clean

help:
	@echo 'make demo    build taut and minimize a trained network exactly'
	@echo 'make test    format check, lints, tests, documentation'
	@echo 'make bench   benchmarks'
	@echo 'make networks  train the networks of networks/study again from their recipes'
	@echo 'make fmt     format the sources'
	@echo 'make clean   remove everything that was built'

demo:
	@$(SETUP); \
	echo '== demo: the proven minimum of a trained ReLU network, peaks-2x25 (a first build takes minutes)'; \
	cargo build --release --locked; \
	"$${CARGO_TARGET_DIR:-target}/release/taut" minimize instances/peaks-2x25.toml

test:
	@$(SETUP); \
	echo '== fmt'; \
	cargo fmt --check; \
	echo '== clippy'; \
	cargo clippy --release --locked --all-targets -- -D warnings; \
	echo '== test'; \
	cargo test --release --locked; \
	echo '== doc'; \
	RUSTDOCFLAGS='-D warnings' cargo doc --release --locked --no-deps

bench:
	@$(SETUP); \
	echo '== bench'; \
	cargo bench --locked

networks:
	@$(SETUP); \
	cargo build --release --locked; \
	for recipe in networks/study/*.toml; do \
		echo "$$recipe"; \
		"$${CARGO_TARGET_DIR:-target}/release/taut" train -q "$$recipe" -o "$${recipe%.toml}.onnx" > /dev/null; \
	done

fmt:
	@cargo fmt

clean:
	@cargo clean
