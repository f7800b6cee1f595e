/*
 * process.h - starting programs and hearing how they ended.
 */
#pragma once

#include <stddef.h>

#include "abi/signal.h"
#include "abi/wait.h"

/* fork - as fork(2): 0 in the child, its pid in the parent, or -errno. */
int fork(void);

/* waitpid - as waitpid(2), again after a signal: the pid, 0 under WNOHANG, or -errno. */
int waitpid(int pid, int *status, unsigned int options);

/* open - openat(AT_FDCWD); the descriptor or -errno. */
int open(const char *path, unsigned int flags, unsigned int mode);

/*
 * execvp - become program argv[0], looked for in $PATH unless it has a slash; a text file that
 * begins with no "#!" and is no program is given to /bin/sh, as shells do.  Returns only -errno.
 */
int execvp(char *const argv[]);

/* sleep_ms - for that long; signals do not cut it short. */
void sleep_ms(unsigned int ms);

/*
 * catch_signal - @handler from now on runs when @sig comes.  @flags: SA_* beside SA_SIGINFO and
 * SA_RESTORER, which are always set. 0 or -errno.
 */
typedef void (*signal_handler)(int sig, struct siginfo *info, struct ucontext *uc);
int catch_signal(int sig, signal_handler handler, unsigned long flags);
/* default_signal, ignore_signal - what it did before any handler; nothing. */
int default_signal(int sig);
int ignore_signal(int sig);

/* signal_name - "SIGSEGV" for 11; "signal N" for one that has no name here. */
const char *signal_name(int sig);

/* status_text - a wait status in words: "exited with 3", "ended by SIGSEGV".  Returns @buf. */
char *status_text(int status, char *buf, size_t size);
