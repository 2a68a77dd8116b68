#!/bin/sh
# Process 1 of a bed: makes the namespaces habitable for incusd, says so by a file, and reaps what daemons leave behind. Everything that runs
# in the bed is below this process: when it ends, the kernel ends all of it, with its mounts, its loop devices and its network.
# $1: the bed's folder.
set -eu
mount --make-rprivate /
# The tree of cgroups has to come back below a /sys of this network namespace: sysfs shows the devices of the one that mounted it.
mkdir -p "$1/cgroup"
mount --rbind /sys/fs/cgroup "$1/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$1/cgroup" /sys/fs/cgroup
mount -t proc proc /proc
ip link set lo up
: > "$1/ready"
trap 'exit 0' TERM INT
while :; do sleep 86400 & wait; done
