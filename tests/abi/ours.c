/*
 * ours.c - the items as abi/ has them.
 */
#include "abi/auxv.h"
#include "abi/capability.h"
#include "abi/clone.h"
#include "abi/dirent.h"
#include "abi/epoll.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/futex.h"
#include "abi/itimer.h"
#include "abi/membarrier.h"
#include "abi/memfd.h"
#include "abi/mman.h"
#include "abi/mount.h"
#include "abi/personality.h"
#include "abi/pidfd.h"
#include "abi/poll.h"
#include "abi/prctl.h"
#include "abi/random.h"
#include "abi/reboot.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "abi/signalfd.h"
#include "abi/socket.h"
#include "abi/stat.h"
#include "abi/syscall.h"
#include "abi/sysinfo.h"
#include "abi/termios.h"
#include "abi/time.h"
#include "abi/timer.h"
#include "abi/timex.h"
#include "abi/uio.h"
#include "abi/utsname.h"
#include "abi/wait.h"
#include "abi/xattr.h"

#define NUMBER(nr, name)  nr
#define TYPE(ours, linux) struct ours
#define NAME(ours, linux) ours

#include "items.h"
