#!/bin/sh
# run_instance.sh v1 CATEGORY ONNX VNNLIB RESULTS TIMEOUT: asks Taut, and writes the verdict
# (sat, unsat, unknown, timeout or error) and behind sat the counterexample into the file RESULTS.
# Every category is run with the same options.
set -u

if [ $# -ne 6 ] || [ "$1" != v1 ]; then
    echo "run_instance.sh: found '$*'; expected v1 CATEGORY ONNX VNNLIB RESULTS TIMEOUT" >&2
    exit 1
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
results=$5

# A script that is ended takes Taut along, which then writes what it knows.
child=
stop() {
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null
        wait "$child"
    fi
    grep -qs -e '^sat$' -e '^unsat$' "$results" || echo timeout >"$results"
    exit 0
}
trap stop TERM INT HUP

rm -f "$results"
"$root/target/release/taut" verify "$3" "$4" --time-limit "$6" --counterexample "$results" --quiet &
child=$!
wait "$child"
status=$?
# 0: sat or unsat; 3: unknown or timeout; both have written the file.
case $status in
0 | 3) [ -s "$results" ] && exit 0 ;;
esac
echo "run_instance.sh: taut ended with status $status" >&2
echo error >"$results"
