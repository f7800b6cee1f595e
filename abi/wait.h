/*
 * wait.h - wait4(2) and waitid(2): options, kinds of id, and how a status is put together.
 */
#pragma once

#define WNOHANG		    0x00000001
#define WUNTRACED	    0x00000002
#define WSTOPPED	    WUNTRACED
#define WEXITED		    0x00000004
#define WCONTINUED	    0x00000008
#define WNOWAIT		    0x01000000
#define __WNOTHREAD	    0x20000000
#define __WALL		    0x40000000
#define __WCLONE	    0x80000000

#define P_ALL		    0
#define P_PID		    1
#define P_PGID		    2
#define P_PIDFD		    3

/*
 * A status: bits 0-6 the signal that ended it, bit 7 a core was dumped, bits 8-15 what it gave to
 * exit(2).
 */
#define WAIT_EXITED(code)   (((code)&0xff) << 8)
#define WAIT_SIGNALED(sig)  (sig)
#define WAIT_STOPPED(sig)   ((sig) << 8 | 0x7f)
#define WAIT_CONTINUED	    0xffff
#define WIFEXITED(status)   (((status)&0x7f) == 0)
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WTERMSIG(status)    ((status)&0x7f)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
