/*
 * linux.c - the items as Linux's own headers have them (package linux-libc-dev-arm64-cross).
 */
#include <asm/auxvec.h>
#include <asm/errno.h>
#include <asm/hwcap.h>
#include <asm/mman.h>
#include <asm/poll.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/blkpg.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/eventpoll.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/hdreg.h>
#include <linux/kvm.h>
#include <linux/limits.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/openat2.h>
#include <linux/personality.h>
#include <linux/pidfd.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/resource.h>
#include <linux/rtc.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <linux/sched/types.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/timerfd.h>
#include <linux/times.h>
#include <linux/timex.h>
#include <linux/uio.h>
#include <linux/utsname.h>
#include <linux/wait.h>
#include <linux/xattr.h>
#include <asm/socket.h>
#include <linux/un.h>
/*
 * The rest of sockets is in the C library's header, which must not tell again what Linux's have
 * told.
 */
#define __iovec_defined	  1
#define __timeval_defined 1
#define _SYS_SELECT_H	  1
#define _GNU_SOURCE	  1
#include <sys/socket.h>
/* last: its uc_stack and uc_mcontext need the above */
#include <asm/ucontext.h>

/* Newer than Debian 12's headers. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

#define NUMBER(nr, name)  __NR_##name
#define TYPE(ours, linux) linux
#define NAME(ours, linux) linux

#include "items.h"
