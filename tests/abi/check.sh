#!/bin/sh
# check.sh - hold abi/ against linux.golden, and linux.golden against Linux's own headers when they are here.
#
#   check.sh OUTDIR [--update]        CC is the cross compiler; --update rewrites the golden file from Linux's headers
#
# Prints TAP.  Exit status 1: something differs.  The golden file makes a change of ABI visible in a diff even on
# a machine without the headers.
set -eu

here=$(dirname "$0")
root=$here/../..
out=$1
cc=${CC:-aarch64-linux-gnu-gcc}
golden=$here/linux.golden
mkdir -p "$out"

# Names that are ours alone: no header of Linux has them.  (R_OK, UTIME_*, DT_*, MNT_* and UMOUNT_* are in the C library's headers and
# man pages only; USER_HZ is told by AT_CLKTCK; MFD_EXEC and its kin are younger than Debian 12's headers; the rest
# name offsets and helpers.)
ours='SYSCALL|SYSCALL_.*|NR_SYSCALLS|USER_HZ|NS_PER_.*|US_PER_S|UTS_LEN|DIRENT64_NAME|[FRWX]_OK|UTIME_.*|DT_.*|SEEK_MAX|SIG_HANDLER_.*|WAIT_.*|LEVELS_.*|COUNTERS_.*|SI_MAX_SIZE|SIGFRAME_.*|UMOUNT_.*|O_ASYNC|MNT_.*|CPU_CLOCK_.*|CLOCK_IS_OF_.*|_NSIG|RLIM64_INFINITY|SIGRTMIN|TRACE_.*|PER_QUERY|CLONE_SET_TID_MAX|CLONE_LEGACY_FLAGS|MEMBARRIER_CMD_GET_REGISTRATIONS|SCM_MAX_FD|MSG_CMSG_COMPAT|SOCK_MAX|SOCK_TYPE_MASK|SOCKADDR_MAX|PIDFD_SIGNAL_.*|MFD_EXEC|MFD_NOEXEC_SEAL|F_SEAL_EXEC|KVM_.*SMCCC_CTRL|KVM_.*SMCCC_FILTER.*|KVM_HYPERCALL_.*|KVM_.*COUNTER_OFFSET|KVM_SET_USER_MEMORY_REGION2|KVM_CAP_USER_MEMORY2|KVM_.*WRITABLE_MASKS|KVM_.*REG_MASK_RANGES|KVM_ARM_FEATURE_ID_RANGE.*'

# every `#define NAME value` of abi/*.h, so that none can be forgotten
constants() {
	sed -nE 's/^#define ([A-Za-z_0-9]+)[ \t]+[^ \t].*/\1/p' "$root"/abi/*.h |
		grep -vxE "$ours" | sed 's/.*/CONSTANT(&)/'
}

# list FLAGS SOURCE: the items of one side as text
list() {
	# shellcheck disable=SC2086  # flags are words
	$cc $1 -std=gnu11 -O1 -w -iquote "$root" -I"$here" -I"$out" -S -o "$out/items.s" "$here/$2"
	sed -nE 's/.*\.ascii[ \t]+"@ (.*)"$/\1/p' "$out/items.s"
}

# same WHAT A B: one TAP line; the difference behind it
n=0
failed=0
same() {
	n=$((n + 1))
	if diff -u "$2" "$3" >"$out/diff"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /; 40q' "$out/diff"
		failed=1
	fi
}

constants >"$out/constants.def"
list "-ffreestanding" ours.c >"$out/ours.list"

if echo '#include <asm/unistd.h>' | $cc -E - >/dev/null 2>&1; then
	list "" linux.c >"$out/linux.list"
	[ "${2-}" != --update ] || cp "$out/linux.list" "$golden"
	same "linux.golden: is what Linux's headers say" "$golden" "$out/linux.list"
else
	n=$((n + 1))
	echo "ok $n - linux.golden # SKIP needs Linux's arm64 headers: apt-get install linux-libc-dev-arm64-cross"
fi

same "abi/: $(wc -l <"$out/ours.list") numbers, values, sizes and offsets are Linux's" "$golden" "$out/ours.list"

sed -nE 's/^struct ([a-z_0-9]+) \{.*/\1/p' "$root"/abi/*.h | grep -vxE 'auxv|dirent64|kvm_smccc_filter|kvm_arm_counter_offset|kvm_userspace_memory_region2|reg_mask_range|rt_sigframe|trace_(chunk|frame|head)' | sort >"$out/structs"
sed -nE 's/^STRUCT\(([a-z_0-9]+),.*/\1/p' "$here/layout.def" | sort >"$out/listed"
same "layout.def: lists every structure of abi/" "$out/structs" "$out/listed"

sed -nE 's/^SYSCALL\( *([0-9]+), ([a-z0-9_]+).*/\1 \2/p' "$root/abi/syscall.def" >"$out/calls"
sort -nu "$out/calls" >"$out/calls.unique"
sort -n "$out/calls" >"$out/calls.sorted"
same "syscall.def: no number twice" "$out/calls.sorted" "$out/calls.unique"
echo "1..$n"
exit $failed
