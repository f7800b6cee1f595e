/*
 * syscall.h - the system calls as C functions: svc_NAME() for each line of abi/syscall.def.
 *
 * They return what the kernel returned: 0 or positive, or -errno.  There is no errno variable.
 * Pages 2 of the man pages say the rest; where a C library's function differs from the call, this
 * is the call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/poll.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "abi/syscall.h"
#include "abi/sysinfo.h"
#include "abi/time.h"
#include "abi/uio.h"
#include "abi/utsname.h"

/* svc_call - any number with six arguments, known or not.  Defined by el0/lib/raw.S. */
long svc_call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* files: paths */
long svc_getcwd(char *buf, size_t size);
long svc_mknodat(int dir, const char *path, uint32_t mode, uint64_t dev);
long svc_mkdirat(int dir, const char *path, uint32_t mode);
long svc_unlinkat(int dir, const char *path, uint32_t flags);
long svc_symlinkat(const char *target, int dir, const char *path);
long svc_linkat(int from_dir, const char *from, int to_dir, const char *to, uint32_t flags);
long svc_renameat(int from_dir, const char *from, int to_dir, const char *to);
long svc_renameat2(int from_dir, const char *from, int to_dir, const char *to, uint32_t flags);
long svc_statfs(const char *path, struct statfs *st);
long svc_truncate(const char *path, int64_t size);
long svc_faccessat(int dir, const char *path, uint32_t mode);
long svc_faccessat2(int dir, const char *path, uint32_t mode, uint32_t flags);
long svc_chdir(const char *path);
long svc_fchdir(int fd);
long svc_fchmodat(int dir, const char *path, uint32_t mode);
long svc_fchmodat2(int dir, const char *path, uint32_t mode, uint32_t flags);
long svc_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, uint32_t flags);
long svc_openat(int dir, const char *path, uint32_t flags, uint32_t mode);
long svc_openat2(int dir, const char *path, const struct open_how *how, size_t size);
long svc_readlinkat(int dir, const char *path, char *buf, size_t size);
long svc_newfstatat(int dir, const char *path, struct stat *st, uint32_t flags);
long svc_utimensat(int dir, const char *path, const struct timespec times[2], uint32_t flags);
long svc_statx(int dir, const char *path, uint32_t flags, uint32_t mask, struct statx *stx);

/* files: descriptors */
long svc_eventfd2(uint32_t count, uint32_t flags);
long svc_dup(int fd);
long svc_dup3(int from, int to, uint32_t flags);
long svc_mount(const char *source, const char *target, const char *type, uint64_t flags,
	       const void *options);
long svc_fcntl(int fd, uint32_t cmd, uint64_t arg);
long svc_ioctl(int fd, uint32_t request, void *arg);
long svc_fstatfs(int fd, struct statfs *st);
long svc_ftruncate(int fd, int64_t size);
long svc_fchmod(int fd, uint32_t mode);
long svc_fchown(int fd, uint32_t uid, uint32_t gid);
long svc_close(int fd);
long svc_pipe2(int fds[2], uint32_t flags);
long svc_getdents64(int fd, void *buf, size_t size);
long svc_lseek(int fd, int64_t offset, int whence);
long svc_read(int fd, void *buf, size_t len);
long svc_write(int fd, const void *buf, size_t len);
long svc_readv(int fd, const struct iovec *iov, size_t count);
long svc_writev(int fd, const struct iovec *iov, size_t count);
long svc_pread64(int fd, void *buf, size_t len, int64_t offset);
long svc_pwrite64(int fd, const void *buf, size_t len, int64_t offset);
long svc_preadv(int fd, const struct iovec *iov, size_t count, int64_t offset, uint64_t high);
long svc_pwritev(int fd, const struct iovec *iov, size_t count, int64_t offset, uint64_t high);
long svc_sendfile(int out, int in, int64_t *offset, size_t len);
long svc_ppoll(struct pollfd *fds, size_t count, struct timespec *timeout, const sigset_bits *mask,
	       size_t mask_size);
long svc_fstat(int fd, struct stat *st);
long svc_sync(void);
long svc_fsync(int fd);
long svc_fdatasync(int fd);
long svc_umask(uint32_t mask);

/* processes */
__attribute__((noreturn)) void svc_exit(int code);
__attribute__((noreturn)) void svc_exit_group(int code);
long svc_waitid(int which, int id, struct siginfo *info, uint32_t options, struct rusage *ru);
long svc_set_tid_address(int *tid);
long svc_futex(uint32_t *word, uint32_t op, uint64_t value, const struct timespec *timeout,
	       void *word2, uint64_t value3);
long svc_set_robust_list(void *head, size_t size);
long svc_sched_getaffinity(int pid, size_t size, void *mask);
long svc_sched_yield(void);
long svc_setpgid(int pid, int pgid);
long svc_getpgid(int pid);
long svc_getsid(int pid);
long svc_setsid(void);
long svc_getrusage(int who, struct rusage *ru);
long svc_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long svc_getpid(void);
long svc_getppid(void);
long svc_getuid(void);
long svc_geteuid(void);
long svc_getgid(void);
long svc_getegid(void);
long svc_gettid(void);
long svc_clone(uint64_t flags, void *stack, int *parent_tid, void *tls, int *child_tid);
long svc_execve(const char *path, char *const argv[], char *const envp[]);
long svc_wait4(int pid, int *status, uint32_t options, struct rusage *ru);
long svc_prlimit64(int pid, int resource, const struct rlimit64 *set, struct rlimit64 *old);

/* signals; sets are 8 bytes, and that is the size to pass */
long svc_kill(int pid, int sig);
long svc_tkill(int tid, int sig);
long svc_tgkill(int pid, int tid, int sig);
long svc_sigaltstack(const struct sigaltstack *set, struct sigaltstack *old);
long svc_rt_sigsuspend(const sigset_bits *mask, size_t size);
long svc_rt_sigaction(int sig, const struct sigaction *set, struct sigaction *old, size_t size);
long svc_rt_sigprocmask(int how, const sigset_bits *set, sigset_bits *old, size_t size);
long svc_rt_sigpending(sigset_bits *set, size_t size);
long svc_rt_sigreturn(void);

/* time */
long svc_nanosleep(const struct timespec *time, struct timespec *left);
long svc_clock_gettime(int clock, struct timespec *time);
long svc_clock_getres(int clock, struct timespec *time);
long svc_clock_nanosleep(int clock, uint32_t flags, const struct timespec *time,
			 struct timespec *left);
long svc_times(struct tms *tms);
long svc_gettimeofday(struct timeval *time, struct timezone *zone);

/* memory: addresses come back as numbers, or -errno */
long svc_brk(uintptr_t brk);
long svc_munmap(uintptr_t addr, size_t len);
long svc_mremap(uintptr_t addr, size_t old_len, size_t new_len, uint32_t flags, uintptr_t to);
long svc_mmap(uintptr_t addr, size_t len, uint32_t prot, uint32_t flags, int fd, int64_t offset);
long svc_mprotect(uintptr_t addr, size_t len, uint32_t prot);
long svc_madvise(uintptr_t addr, size_t len, int advice);

/* the machine */
long svc_syslog(int type, char *buf, int len);
long svc_reboot(uint32_t magic1, uint32_t magic2, uint32_t cmd, const void *arg);
long svc_uname(struct new_utsname *uts);
long svc_sysinfo(struct sysinfo *info);
long svc_getrandom(void *buf, size_t len, uint32_t flags);
