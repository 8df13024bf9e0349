#!/bin/sh
# prepare_instance.sh v1 CATEGORY ONNX VNNLIB: sees that the instance can be run. Exit status 1
# where it cannot. Nothing is computed or kept: Taut reads packed and plain files as they are.
set -eu

if [ $# -ne 4 ] || [ "$1" != v1 ]; then
    echo "prepare_instance.sh: found '$*'; expected v1 CATEGORY ONNX VNNLIB" >&2
    exit 1
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
for file in "$3" "$4"; do
    # A list of several networks names files that Taut looks for itself.
    case $file in '['*) continue ;; esac
    if [ ! -r "$file" ]; then
        echo "prepare_instance.sh: $file: no such file, or it may not be read" >&2
        exit 1
    fi
done
"$root/target/release/taut" --version >/dev/null
