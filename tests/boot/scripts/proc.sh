#!/bin/sh
# shellcheck disable=SC2012,SC2016 # ls is what is tried here; awk's own $1
# What /proc looks like: every line of its files, with N for each number, as the same commands see it under Linux.
PATH=/bin
b=/bin/busybox
$b mount -t proc proc /proc
number() { $b sed -E 's/[0-9]+/N/g; s/ +/ /g; s/ $//'; }
words() { $b awk '{ print $1, NF, $NF == "kB" ? "kB" : "" }'; }
for f in meminfo uptime swaps partitions diskstats modules; do
	echo "== $f"
	number < /proc/$f
done
echo '== loadavg, version, cpuinfo, stat, interrupts'
$b awk '{ print NF, $4 ~ /^[0-9]+\/[0-9]+$/ }' /proc/loadavg
$b awk '{ print $1, $2, $4 }' /proc/version | $b sed 's/(.*//'
$b sed 's/:.*/:/; /^$/q' /proc/cpuinfo # of the first core
$b awk '$1 !~ /^cpu[1-9]/ { print $1, (NF > 12 ? "many" : NF) }' /proc/stat
$b grep -c arch_timer /proc/interrupts
$b grep -E 'arch_timer|IPI0|Err' /proc/interrupts | $b sed -E 's/( +[0-9]+)+/ N/g; s/[0-9]+/N/g; s/GIC(v|-)N/GIC/'
$b grep -E '	(tmpfs|proc|devtmpfs|pipefs)$' /proc/filesystems | $b sort
$b grep -E '^(Character|Block|  1|  5|204)' /proc/devices | $b grep -v ptmx
echo '== self'
ls /proc/self/task | wc -l
for f in exe cwd root; do $b readlink /proc/self/$f; done
words < /proc/self/status
$b awk '{ print NF, $2, $3, $18, $19, $20, $38 }' /proc/self/stat
$b awk '{ print NF, $5, $7 }' /proc/self/statm
number < /proc/self/limits
$b sed -E 's/^[0-9a-f]+-[0-9a-f]+ (....) [0-9a-f]+ [0-9a-f:]+ [0-9]+ */\1 /' /proc/self/maps | $b grep -v heap
$b sed -E 's/^[0-9a-f]+-[0-9a-f]+ .*/MAP/; s/[0-9]+ kB/N kB/; s/^VmFlags:.*/VmFlags:/; s/ +/ /g' /proc/self/smaps | $b sort -u
$b sed -E 's/^[0-9a-f]+-[0-9a-f]+ //; s/[0-9]+ kB/N kB/; s/ +/ /g' /proc/self/smaps_rollup
for f in cmdline environ; do $b tr '\0' ' ' < /proc/self/$f; echo; done
for f in comm oom_score_adj personality loginuid sessionid uid_map gid_map; do echo "$f $($b cat /proc/self/$f)"; done
number < /proc/self/fdinfo/0
$b awk '{ print NF }' /proc/self/mountinfo | $b sort -u
number < /proc/mounts
echo '== sys'
for f in ostype cap_last_cap ngroups_max pid_max core_pattern overflowuid overflowgid hostname domainname randomize_va_space \
	random/poolsize random/entropy_avail; do
	echo "$f $($b cat /proc/sys/kernel/$f)"
done
for f in vm/max_map_count vm/mmap_min_addr fs/nr_open fs/pipe-max-size fs/mount-max fs/overflowuid; do
	echo "$f $($b cat /proc/sys/$f)"
done
$b sed 's/[0-9a-f]/x/g' /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id
echo '== asleep'
sleep 100 & s=$!
until $b grep -q '^115 ' /proc/$s/syscall; do $b usleep 1000; done
$b awk '{ print $1, $2, $3, NF }' /proc/$s/syscall
$b sed 's/ .*/ FUNCTION/' /proc/$s/stack | $b sort -u
$b grep -c '^[a-z_0-9]*$' /proc/$s/wchan
kill $s
for f in syscall stack wchan; do $b stat -c '%A %n' /proc/self/$f; done
echo '== softirqs'
$b sed 's/CPU.*/CPU/; s/:.*/:/' /proc/softirqs
echo '== names'
ls -d /proc/self/* | $b grep -E '/(auxv|cmdline|comm|cwd|environ|exe|fd|fdinfo|limits|maps|mountinfo|mounts|oom_score|oom_score_adj|personality|root|smaps|smaps_rollup|stack|stat|statm|status|syscall|task|wchan)$'
ls -l /proc | $b grep -E ' (self|thread-self|mounts|meminfo|sys)( |$)' | $b awk '{ print $1, $9 }'
