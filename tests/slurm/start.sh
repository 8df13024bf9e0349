#!/bin/sh
# Starts a Slurm of its own on this machine: sh tests/slurm/start.sh FOLDER
#
# Everything it needs and writes lies in FOLDER, which is new; its ports are its own, so that it
# takes nothing from a Slurm that the machine may have. Prints, for eval, what sbatch, squeue and
# scancel need to talk to it. `stop.sh FOLDER` ends it.
set -eu
PATH=$PATH:/usr/sbin:/sbin
if [ $# != 1 ]; then
	echo 'usage: start.sh FOLDER' >&2
	exit 2
fi
for program in sbatch squeue scancel sinfo slurmctld slurmd munged; do
	if ! command -v "$program" >/dev/null; then
		echo "slurm: no program $program; tests/slurm/install.sh installs it" >&2
		exit 1
	fi
done
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
# Sockets and keys are only safe where nobody else may write.
chmod 755 "$folder"
mkdir -p "$folder/state" "$folder/spool"
user=$(id -un)
host=$(hostname -s)
cpus=$(getconf _NPROCESSORS_ONLN)
memory=$(($(getconf _PHYS_PAGES) / 1024 * $(getconf PAGESIZE) / 1024)) # megabytes

# Keys and sockets: munge tells the parts of Slurm who is who.
(umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
	--pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
	--seed-file="$folder/munge.seed" --num-threads=2

write_config() {
	cat >"$folder/slurm.conf" <<CONFIG
ClusterName=taut
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$1
SlurmdPort=$(($1 + 1))
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillWait=5
MinJobAge=30
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
CONFIG
}

export SLURM_CONF="$folder/slurm.conf"
# A port may be taken: then the controller says so and ends, and another one is tried.
for attempt in 1 2 3 4 5; do
	write_config $((20000 + ($$ * 7 + attempt * 1000) % 40000))
	slurmctld -c -f "$SLURM_CONF" >>"$folder/start.log" 2>&1 || continue
	slurmd -c -f "$SLURM_CONF" -N "$host" >>"$folder/start.log" 2>&1 || true
	for second in 1 2 3 4 5 6 7 8 9 10; do
		if [ "$(sinfo --noheader --format=%t 2>>"$folder/start.log")" = idle ]; then
			printf "export SLURM_CONF='%s'\n" "$SLURM_CONF"
			exit 0
		fi
		sleep 1
	done
	sh "$here/stop.sh" "$folder" slurm
done
sh "$here/stop.sh" "$folder"
echo "slurm: it does not start; see $folder/*.log" >&2
tail -n 5 "$folder"/*.log >&2 || true
exit 1
