#!/bin/sh
# Ends what start.sh has started: sh tests/slurm/stop.sh FOLDER [slurm]
# With the word "slurm", all but munged.
set -u
for name in slurmd slurmctld munged; do
	if [ "$name" = munged ] && [ "${2:-}" = slurm ]; then
		continue
	fi
	file=$1/$name.pid
	[ -s "$file" ] || continue
	pid=$(cat "$file")
	kill "$pid" 2>/dev/null || continue
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$pid" 2>/dev/null || continue 2
		sleep 0.3
	done
	kill -KILL "$pid" 2>/dev/null
done
exit 0
