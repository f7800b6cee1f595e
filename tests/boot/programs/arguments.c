/*
 * arguments.c - calls whose arguments point to nothing, to the kernel, across an end, or to
 * memory that another thread takes away meanwhile.  Process 1 of test_strace.py, traced with its
 * arguments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE   4096
#define ROUNDS 3000

static void fail(const char *what, long got)
{
	printf("%s: %ld, %s\n", what, got, strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
}

static void wants_efault(const char *what, long ret)
{
	if (ret != -1 || errno != EFAULT)
		fail(what, ret);
}

/* A page of `x` without an end, and nothing behind it. */
static char *endless(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + PAGE, PAGE);
	return memset(p, 'x', PAGE);
}

static void strings(char *page)
{
	const uint64_t bad[] = { 1,
				 0x10000000,
				 (uint64_t)(page + PAGE - 3),
				 (uint64_t)(page + PAGE),
				 0xfffffffffffd,
				 0xffff000000000000,
				 0xffff000000080000,
				 0xffffffff80000000,
				 0xfffffffffffffffd,
				 (uint64_t)page | 0xaa00000000000000 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wants_efault("openat", syscall(SYS_openat, AT_FDCWD, bad[i], O_RDONLY));
		wants_efault("execve", syscall(SYS_execve, "/init", bad[i], NULL));
		wants_efault("execve", syscall(SYS_execve, "/init", NULL, bad[i]));
		syscall(SYS_rt_sigaction, 10, bad[i], bad[i], 8);
		syscall(SYS_sendmsg, 99, bad[i], 0);
		syscall(SYS_ppoll, bad[i], 1000000, bad[i], bad[i], 8);
		syscall(SYS_write, 99, bad[i], UINT64_MAX);
	}
	/* All of it is a path that is too long, or no path at all. */
	syscall(SYS_openat, AT_FDCWD, page, O_RDONLY);
}

/* More than there can be, and of lengths that no memory has. */
static void vectors(char *page)
{
	struct iovec *iov = (struct iovec *)(page + PAGE - 8 * sizeof(*iov));
	struct msghdr m = { .msg_iov = iov,
			    .msg_iovlen = SIZE_MAX,
			    .msg_control = page,
			    .msg_controllen = SIZE_MAX,
			    .msg_name = page,
			    .msg_namelen = ~0u };

	for (int i = 0; i < 8; i++)
		iov[i] = (struct iovec){ i % 2 ? (void *)-16L : page, SIZE_MAX };
	syscall(SYS_writev, 1, iov, 1 << 30);
	syscall(SYS_writev, 1, iov, 8);
	syscall(SYS_preadv, 0, iov, 1000000, 0);
	syscall(SYS_sendmsg, 1, &m, 0);
	syscall(SYS_recvmsg, 1, &m, 0);
	memset(page, 'x', PAGE);
}

static char *shared;

static void *take_away(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		mmap(shared, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memset(shared, '/', PAGE);
		munmap(shared + PAGE, PAGE);
		mprotect(shared, PAGE, i % 2 ? PROT_NONE : PROT_READ);
		madvise(shared, PAGE, MADV_DONTNEED);
	}
	return arg;
}

static void races(void)
{
	pthread_t thread;

	shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_create(&thread, NULL, take_away, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		syscall(SYS_openat, AT_FDCWD, shared + PAGE - i % 300, O_RDONLY);
		syscall(SYS_writev, 99, shared, 8);
		syscall(SYS_newfstatat, AT_FDCWD, "/init", shared + PAGE - 64, 0);
		syscall(SYS_execve, shared, shared + 8 * (i % 64), shared);
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	char *page = endless();

	strings(page);
	vectors(page);
	races();
	printf("survived\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
}
