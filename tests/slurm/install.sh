#!/bin/sh
# Installs Slurm and munge where apt may do so; elsewhere it says why not and fails.
set -eu
PATH=$PATH:/usr/sbin:/sbin
is_there() {
	for program in sbatch squeue scancel sinfo slurmctld slurmd munged; do
		command -v "$program" >/dev/null || return 1
	done
}
if is_there; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo 'slurm: not installed, and only root can, with apt' >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
packages='slurm-wlm munge'
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends $packages >&2 || {
	apt-get update -qq >&2
	apt-get install -qq -y --no-install-recommends $packages >&2
}
