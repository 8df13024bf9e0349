#!/bin/sh
# install_tool.sh v1: builds Taut from the checkout that this script stands in, into its target
# folder. Needs cargo; .ci/native-tools says what else is missing, and takes it from the system's
# package manager where it may.
set -eu

if [ "${1:-}" != v1 ]; then
    echo "install_tool.sh: found version '${1:-}'; expected v1" >&2
    exit 1
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
# A fresh installation of Rust is on PATH for login shells only.
if ! command -v cargo >/dev/null && [ -e "${CARGO_HOME:-$HOME/.cargo}/env" ]; then
    . "${CARGO_HOME:-$HOME/.cargo}/env"
fi
cd "$root"
native=$(sh .ci/native-tools)
eval "$native"
cargo build --release --locked --features "${TAUT_FEATURES:-}" --target-dir target
target/release/taut --version
