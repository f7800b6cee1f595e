/*
 * syscall.h - the system calls as C functions: sys_NAME() for each line of abi/syscall.def.
 *
 * They return what the kernel returned: 0 or positive, or -errno.  There is no errno variable.  Pages 2 of the man pages
 * say the rest; where a C library's function differs from the call, this is the call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/errno.h"
#include "abi/poll.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "abi/syscall.h"
#include "abi/sysinfo.h"
#include "abi/time.h"
#include "abi/uio.h"
#include "abi/utsname.h"

/* sys_call - any number with six arguments, known or not.  Defined by el0/lib/raw.S. */
long sys_call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* files: paths */
long sys_getcwd(char *buf, size_t size);
long sys_mknodat(int dir, const char *path, uint32_t mode, uint64_t dev);
long sys_mkdirat(int dir, const char *path, uint32_t mode);
long sys_unlinkat(int dir, const char *path, uint32_t flags);
long sys_symlinkat(const char *target, int dir, const char *path);
long sys_linkat(int from_dir, const char *from, int to_dir, const char *to, uint32_t flags);
long sys_renameat(int from_dir, const char *from, int to_dir, const char *to);
long sys_renameat2(int from_dir, const char *from, int to_dir, const char *to, uint32_t flags);
long sys_statfs(const char *path, struct statfs *st);
long sys_truncate(const char *path, int64_t size);
long sys_faccessat(int dir, const char *path, uint32_t mode);
long sys_faccessat2(int dir, const char *path, uint32_t mode, uint32_t flags);
long sys_chdir(const char *path);
long sys_fchdir(int fd);
long sys_fchmodat(int dir, const char *path, uint32_t mode);
long sys_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, uint32_t flags);
long sys_openat(int dir, const char *path, uint32_t flags, uint32_t mode);
long sys_readlinkat(int dir, const char *path, char *buf, size_t size);
long sys_newfstatat(int dir, const char *path, struct stat *st, uint32_t flags);
long sys_utimensat(int dir, const char *path, const struct timespec times[2], uint32_t flags);
long sys_statx(int dir, const char *path, uint32_t flags, uint32_t mask, struct statx *stx);

/* files: descriptors */
long sys_dup(int fd);
long sys_dup3(int from, int to, uint32_t flags);
long sys_mount(const char *source, const char *target, const char *type, uint64_t flags,
	       const void *options);
long sys_fcntl(int fd, uint32_t cmd, uint64_t arg);
long sys_ioctl(int fd, uint32_t request, void *arg);
long sys_fstatfs(int fd, struct statfs *st);
long sys_ftruncate(int fd, int64_t size);
long sys_fchmod(int fd, uint32_t mode);
long sys_fchown(int fd, uint32_t uid, uint32_t gid);
long sys_close(int fd);
long sys_pipe2(int fds[2], uint32_t flags);
long sys_getdents64(int fd, void *buf, size_t size);
long sys_lseek(int fd, int64_t offset, int whence);
long sys_read(int fd, void *buf, size_t len);
long sys_write(int fd, const void *buf, size_t len);
long sys_readv(int fd, const struct iovec *iov, size_t count);
long sys_writev(int fd, const struct iovec *iov, size_t count);
long sys_pread64(int fd, void *buf, size_t len, int64_t offset);
long sys_pwrite64(int fd, const void *buf, size_t len, int64_t offset);
long sys_sendfile(int out, int in, int64_t *offset, size_t len);
long sys_ppoll(struct pollfd *fds, size_t count, struct timespec *timeout, const sigset_bits *mask,
	       size_t mask_size);
long sys_fstat(int fd, struct stat *st);
long sys_sync(void);
long sys_fsync(int fd);
long sys_umask(uint32_t mask);

/* processes */
__attribute__((noreturn)) void sys_exit(int code);
__attribute__((noreturn)) void sys_exit_group(int code);
long sys_waitid(int which, int id, struct siginfo *info, uint32_t options, struct rusage *ru);
long sys_set_tid_address(int *tid);
long sys_futex(uint32_t *word, uint32_t op, uint64_t value, const struct timespec *timeout,
	       void *word2, uint64_t value3);
long sys_set_robust_list(void *head, size_t size);
long sys_sched_getaffinity(int pid, size_t size, void *mask);
long sys_sched_yield(void);
long sys_setpgid(int pid, int pgid);
long sys_getpgid(int pid);
long sys_getsid(int pid);
long sys_setsid(void);
long sys_getrusage(int who, struct rusage *ru);
long sys_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long sys_getpid(void);
long sys_getppid(void);
long sys_getuid(void);
long sys_geteuid(void);
long sys_getgid(void);
long sys_getegid(void);
long sys_gettid(void);
long sys_clone(uint64_t flags, void *stack, int *parent_tid, void *tls, int *child_tid);
long sys_execve(const char *path, char *const argv[], char *const envp[]);
long sys_wait4(int pid, int *status, uint32_t options, struct rusage *ru);
long sys_prlimit64(int pid, int resource, const struct rlimit64 *set, struct rlimit64 *old);

/* signals; sets are 8 bytes, and that is the size to pass */
long sys_kill(int pid, int sig);
long sys_tkill(int tid, int sig);
long sys_tgkill(int pid, int tid, int sig);
long sys_sigaltstack(const struct sigaltstack *set, struct sigaltstack *old);
long sys_rt_sigsuspend(const sigset_bits *mask, size_t size);
long sys_rt_sigaction(int sig, const struct sigaction *set, struct sigaction *old, size_t size);
long sys_rt_sigprocmask(int how, const sigset_bits *set, sigset_bits *old, size_t size);
long sys_rt_sigpending(sigset_bits *set, size_t size);
long sys_rt_sigreturn(void);

/* time */
long sys_nanosleep(const struct timespec *time, struct timespec *left);
long sys_clock_gettime(int clock, struct timespec *time);
long sys_clock_getres(int clock, struct timespec *time);
long sys_clock_nanosleep(int clock, uint32_t flags, const struct timespec *time,
			 struct timespec *left);
long sys_times(struct tms *tms);
long sys_gettimeofday(struct timeval *time, struct timezone *zone);

/* memory: addresses come back as numbers, or -errno */
long sys_brk(uintptr_t brk);
long sys_munmap(uintptr_t addr, size_t len);
long sys_mremap(uintptr_t addr, size_t old_len, size_t new_len, uint32_t flags, uintptr_t to);
long sys_mmap(uintptr_t addr, size_t len, uint32_t prot, uint32_t flags, int fd, int64_t offset);
long sys_mprotect(uintptr_t addr, size_t len, uint32_t prot);
long sys_madvise(uintptr_t addr, size_t len, int advice);

/* the machine */
long sys_syslog(int type, char *buf, int len);
long sys_reboot(uint32_t magic1, uint32_t magic2, uint32_t cmd, const void *arg);
long sys_uname(struct new_utsname *uts);
long sys_sysinfo(struct sysinfo *info);
long sys_getrandom(void *buf, size_t len, uint32_t flags);
