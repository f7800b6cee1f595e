/*
 * memfd.c - files that are memory, and their seals.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "tests/el0/libc/calls.h"

#define KERNEL		  ((void *)0xffff000000080000ul)
#define CLOEXEC		  1u
#define ALLOW_SEALING	  2u
#define NOEXEC_SEAL	  8u
#define EXEC		  16u
#define ADD_SEALS	  1033
#define GET_SEALS	  1034
#define SEAL_SEAL	  1
#define SEAL_SHRINK	  2
#define SEAL_GROW	  4
#define SEAL_WRITE	  8
#define SEAL_FUTURE_WRITE 16
#define SEAL_EXEC	  32
#define SHARED		  MAP_SHARED
#define READ_WRITE	  (PROT_READ | PROT_WRITE)

static int new_file(unsigned int flags, size_t size)
{
	int fd = (int)sys(memfd_create, "test", flags);

	expect(fd >= 0, "memfd_create");
	if (size)
		check(ftruncate(fd, (off_t)size), 0, "ftruncate");
	return fd;
}

static long map(int fd, int prot, int flags)
{
	return sys(mmap, NULL, 4096, prot, flags, fd, 0);
}

static bool mapped(long at)
{
	return at > 0 || at < -4095;
}

static void test_create(void)
{
	char name[260], link[300], path[64];
	struct statfs fs;
	struct stat st;
	int fd, other;
	char *p;

	begin("memfd_create: a file without a name; errors");
	fd = new_file(CLOEXEC, 0);
	check(fcntl(fd, F_GETFD), FD_CLOEXEC, "closed by exec");
	check(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR, "flags");
	check(fstat(fd, &st), 0, "fstat");
	check(st.st_mode, S_IFREG | 0777, "mode");
	check(st.st_nlink, 0, "no name");
	check(st.st_size, 0, "empty");
	check(fstatfs(fd, &fs), 0, "fstatfs");
	check(fs.f_type, 0x01021994, "in RAM");
	check((long)(fs.f_blocks | fs.f_files), 0, "no limit that others could use up");
	check(write(fd, "hello", 5), 5, "write");
	p = mmap(NULL, 4096, READ_WRITE, MAP_SHARED, fd, 0);
	check(memcmp(p, "hello", 6), 0, "mapped");
	p[0] = 'j';
	check(pread(fd, name, 5, 0), 5, "read");
	check(memcmp(name, "jello", 5), 0, "one file");
	munmap(p, 4096);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mount_proc();
	memset(link, 0, sizeof(link));
	if (readlink(path, link, sizeof(link) - 1) > 0)
		check(strcmp(link, "/memfd:test (deleted)"), 0, "its name is %s", link);
	other = open(path, O_RDONLY);
	check(read(other, name, 5), 5, "opened again");
	close(other);
	close(fd);
	fd = new_file(0, 0);
	check(fcntl(fd, F_GETFD), 0, "not closed by exec");
	close(fd);
	memset(name, 'n', sizeof(name));
	name[250] = '\0';
	check(sys(memfd_create, name, 0), -EINVAL, "a name of 250 bytes");
	name[249] = '\0';
	fd = (int)sys(memfd_create, name, 0);
	expect(fd >= 0, "of 249");
	close(fd);
	fd = (int)sys(memfd_create, "a/b", 0);
	expect(fd >= 0, "with a slash");
	close(fd);
	check(sys(memfd_create, "x", 0x20), -EINVAL, "flag");
	check(sys(memfd_create, "x", EXEC | NOEXEC_SEAL), -EINVAL, "both");
	check(sys(memfd_create, NULL, 0), -EFAULT, "no name");
	check(sys(memfd_create, KERNEL, 0), -EFAULT, "the kernel's");
	end();
}

static void test_seals(void)
{
	int fd, ro, ends[2];
	char path[64];

	begin("fcntl, memfd_create: F_ADD_SEALS, F_GET_SEALS");
	fd = new_file(0, 100);
	check(fcntl(fd, GET_SEALS), SEAL_SEAL, "sealed against seals");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_GROW), -EPERM, "so none can be added");
	close(fd);
	fd = open("plain", O_CREAT | O_RDWR, 0600);
	check(sys(fcntl, fd, GET_SEALS), SEAL_SEAL, "a file with a name");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_GROW), -EPERM, "as well");
	close(fd);
	unlink("plain");
	check(pipe(ends), 0, "pipe");
	check(sys(fcntl, ends[1], GET_SEALS), -EINVAL, "a pipe");
	check(sys(fcntl, ends[1], ADD_SEALS, SEAL_GROW), -EINVAL, "a pipe");
	close(ends[0]);
	close(ends[1]);
	fd = new_file(ALLOW_SEALING, 100);
	check(fcntl(fd, GET_SEALS), 0, "none");
	check(sys(fcntl, fd, ADD_SEALS, 0x40), -EINVAL, "a seal that is none");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_SHRINK), 0, "SHRINK");
	check(fcntl(fd, GET_SEALS), SEAL_SHRINK, "SHRINK");
	check(sys(ftruncate, fd, 99), -EPERM, "smaller");
	check(sys(ftruncate, fd, 100), 0, "as large");
	check(sys(ftruncate, fd, 5000), 0, "larger");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_GROW), 0, "GROW");
	check(fcntl(fd, GET_SEALS), SEAL_SHRINK | SEAL_GROW, "both");
	check(sys(ftruncate, fd, 5001), -EPERM, "larger");
	check(sys(pwrite64, fd, "abc", 3, 4997), 3, "write to the end");
	check(sys(pwrite64, fd, "abc", 3, 4998), -EPERM, "and over it");
	check(sys(pwrite64, fd, "abc", 3, 5000), -EPERM, "behind it");
	{
		static char big[6000];

		check(sys(pwrite64, fd, big, 6000, 0), -EPERM, "from before it and over it");
	}
	check(sys(fallocate, fd, 0, 0, 5001), -EPERM, "fallocate");
	check(sys(fallocate, fd, 1, 0, 5001), -EPERM, "fallocate, the size kept");
	check(sys(fallocate, fd, 0, 0, 5000), 0, "fallocate within");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY);
	check(sys(fcntl, ro, ADD_SEALS, SEAL_WRITE), -EPERM, "open for reading only");
	check(fcntl(ro, GET_SEALS), SEAL_SHRINK | SEAL_GROW, "may look");
	close(ro);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_SEAL), 0, "SEAL");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_WRITE), -EPERM, "no more");
	close(fd);
	check(sys(fcntl, 99, GET_SEALS), -EBADF, "nothing");
	end();
}

static void test_write_seal(void)
{
	int fd = new_file(ALLOW_SEALING, 8192), ro;
	char path[64];
	long p, q;

	begin("fcntl, mmap, mprotect: F_SEAL_WRITE");
	p = map(fd, READ_WRITE, SHARED);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_WRITE), -EBUSY, "mapped to write");
	sys(mprotect, p, 4096, PROT_READ);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_WRITE), -EBUSY, "or that it may be");
	munmap((void *)p, 4096);
	q = map(fd, READ_WRITE, MAP_PRIVATE);
	*(char *)q = 'p';
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY);
	p = map(ro, PROT_READ, SHARED);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_WRITE), 0, "private or to read only");
	munmap((void *)p, 4096);
	munmap((void *)q, 4096);
	close(ro);
	check(sys(write, fd, "x", 1), -EPERM, "write");
	check(sys(pwrite64, fd, "x", 1, 4096), -EPERM, "pwrite64");
	check(sys(fallocate, fd, 3, 0, 4096), -EPERM, "punch a hole");
	check(sys(ftruncate, fd, 4096), 0, "its size is free");
	check(map(fd, READ_WRITE, SHARED), -EPERM, "map to write");
	p = map(fd, PROT_READ, SHARED);
	expect(mapped(p), "map to read: %ld", p);
	check(sys(mprotect, p, 4096, READ_WRITE), -EACCES, "and write after all");
	munmap((void *)p, 4096);
	p = map(fd, READ_WRITE, MAP_PRIVATE);
	expect(mapped(p), "privately");
	*(char *)p = 'z';
	munmap((void *)p, 4096);
	check(read(fd, path, 1), 1, "read");
	check(path[0], 0, "what was there");
	close(fd);

	fd = new_file(ALLOW_SEALING, 8192);
	p = map(fd, READ_WRITE, SHARED);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_FUTURE_WRITE), 0, "F_SEAL_FUTURE_WRITE");
	*(char *)p = 'w';
	check(sys(mprotect, p, 4096, PROT_READ), 0, "who has it mapped");
	check(sys(mprotect, p, 4096, READ_WRITE), 0, "goes on");
	check(map(fd, READ_WRITE, SHARED), -EPERM, "nobody else");
	check(sys(write, fd, "x", 1), -EPERM, "write");
	check(pread(fd, path, 1, 0), 1, "read");
	check(path[0], 'w', "what was written");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_WRITE), -EBUSY, "it is mapped");
	munmap((void *)p, 4096);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_WRITE), 0, "no more");
	close(fd);
	end();
}

static void test_exec_seal(void)
{
	int fd = new_file(NOEXEC_SEAL, 100);
	struct stat st;

	begin("memfd_create, fchmod: MFD_NOEXEC_SEAL, F_SEAL_EXEC");
	check(fstat(fd, &st), 0, "fstat");
	check(st.st_mode, S_IFREG | 0666, "mode");
	check(fcntl(fd, GET_SEALS), SEAL_EXEC, "seals");
	check(sys(fchmod, fd, 0777), -EPERM, "to execute");
	check(sys(fchmod, fd, 0600), 0, "to read and write");
	check(sys(fcntl, fd, ADD_SEALS, SEAL_SHRINK), 0, "more seals");
	close(fd);
	fd = new_file(ALLOW_SEALING | EXEC, 100);
	check(sys(fcntl, fd, ADD_SEALS, SEAL_EXEC), 0, "of one that may be executed");
	check(fcntl(fd, GET_SEALS),
	      SEAL_EXEC | SEAL_SHRINK | SEAL_GROW | SEAL_WRITE | SEAL_FUTURE_WRITE, "all of them");
	close(fd);
	end();
}

/* Many seal while one maps to write: after a seal is set, no mapping writes. */
static int race_fd;
static volatile int race_sealed;

static void *seal_it(void *arg)
{
	(void)arg;
	while (!race_sealed)
		if (sys(fcntl, race_fd, ADD_SEALS, SEAL_WRITE) == 0)
			race_sealed = 1;
	return NULL;
}

static sigjmp_buf faulted;
static unsigned int race_turns;

static void on_fault(int n)
{
	(void)n;
	siglongjmp(faulted, 1);
}

static void test_race(void)
{
	pthread_t t;

	begin("mmap, fcntl: a seal against mappings that are just being made");
	signal(SIGSEGV, on_fault);
	for (int i = 0; i < 30; i++) {
		volatile int wrote = 0;

		race_fd = new_file(ALLOW_SEALING, 4096);
		race_sealed = 0;
		pthread_create(&t, NULL, seal_it, NULL);
		for (;;) {
			long p;

			if (++race_turns % 64 == 0)
				/*
				 * one core may never let the other in by itself while nothing is
				 * mapped
				 */
				sched_yield();
			p = map(race_fd, READ_WRITE, SHARED);

			if (!mapped(p)) {
				check(p, -EPERM, "mmap");
				break;
			}
			/* it may have been sealed since, but then this faults */
			if (!sigsetjmp(faulted, 1)) {
				int before = race_sealed;

				*(volatile char *)p = 1;
				wrote |= before;
			}
			munmap((void *)p, 4096);
		}
		pthread_join(t, NULL);
		check(wrote, 0, "written though sealed");
		close(race_fd);
	}
	signal(SIGSEGV, SIG_DFL);
	end();
}

int main(void)
{
	chdir("/tmp");
	test_create();
	test_seals();
	test_write_seal();
	test_exec_seal();
	test_race();
	return tap_done();
}
