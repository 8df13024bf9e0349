#!/bin/sh
# Installs the tools that Taut is compared with into target/peers, with exact versions.
#
#     sh benchmarks/peers/setup.sh
#     PYTHON=python3.12 sh benchmarks/peers/setup.sh
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$here/../../target/peers

is_fit() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null
}

for python in ${PYTHON:-python3.12 python3.11 python3}; do
    is_fit "$python" && break
    python=
done
if [ -z "$python" ]; then
    echo "peers: no Python 3.11 or 3.12 found; expected one on the path, or in PYTHON" >&2
    exit 1
fi

if ! is_fit "$folder/bin/python"; then
    rm -rf "$folder"
    "$python" -m venv "$folder"
fi
install() {
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
install --requirement "$here/requirements.txt"
install --no-deps --requirement "$here/requirements-alone.txt"
