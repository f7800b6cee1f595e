/*
 * code_changed.c - a file's page that was executed is changed by a call: who maps it from then on
 * runs what it holds now.
 *
 * The kernel of make CHECKED=1 finds a store after which the instruction caches would not be
 * synced; elsewhere only a board's caches show it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdint.h>
#include <sys/mman.h>

#include "tests/el0/libc/calls.h"

#define PAGE 4096L

struct routine {
	uint32_t code[2];
};

/* Returns @n. */
static struct routine returns(uint32_t n)
{
	return (struct routine){ { 0x52800000 | n << 5, 0xd65f03c0 } }; /* mov w0, #n; ret */
}

/* What the routine at @offset of @fd returns, mapped for this one call; -1: it cannot be run. */
static long run(int fd, long offset)
{
	char *at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, offset & -PAGE);
	int (*routine)(void);
	long result;

	if (at == MAP_FAILED)
		return -1;
	routine = (int (*)(void))(at + (offset & (PAGE - 1)));
	result = *(uint32_t *)(at + (offset & (PAGE - 1))) ? routine() : 0; /* 0: undefined */
	munmap(at, PAGE);
	return result;
}

static bool put(int fd, uint32_t n, long offset)
{
	struct routine r = returns(n);

	return pwrite(fd, &r, sizeof(r), offset) == sizeof(r);
}

static void change(int fd)
{
	struct routine r = returns(3);
	int pipes[2];
	loff_t at = 8;

	expect(put(fd, 1, 8) && run(fd, 8) == 1, "as it was written");
	expect(put(fd, 2, 8) && run(fd, 8) == 2, "written over");
	expect(!pipe(pipes) && write(pipes[1], &r, sizeof(r)) == sizeof(r) &&
		       splice(pipes[0], NULL, fd, &at, sizeof(r), 0) == sizeof(r),
	       "splice");
	check(run(fd, 8), 3, "spliced over");
	close(pipes[0]);
	close(pipes[1]);
	expect(put(fd, 4, PAGE - 8) && run(fd, PAGE - 8) == 4, "the page's end");
	check(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE - 8, 8), 0, "a hole");
	check(run(fd, PAGE - 8), 0, "its bytes");
	check(run(fd, 8), 3, "the others");
	expect(put(fd, 5, PAGE - 8) && run(fd, PAGE - 8) == 5, "written again");
	check(ftruncate(fd, PAGE - 8), 0, "shorter");
	check(ftruncate(fd, PAGE), 0, "longer");
	check(run(fd, PAGE - 8), 0, "what came back");
	close(fd);
}

/* A copy of this program, which does nothing when it is given an argument. */
static void run_program(void)
{
	execl("copy", "copy", "nothing", NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	char buf[PAGE];
	long n;
	int from, to;

	if (argc > 1)
		return 0;
	begin("pwrite64, splice, fallocate, ftruncate: code of a file in /tmp");
	change(open("code", O_RDWR | O_CREAT | O_TRUNC, 0700));
	unlink("code");
	end();

	begin("memfd_create: code in memory");
	change((int)sys(memfd_create, "code", 0));
	end();

	begin("execve: a program that was written over between two runs");
	for (int i = 0; i < 3; i++) {
		from = open(argv[0], O_RDONLY);
		to = open("copy", O_WRONLY | O_CREAT, 0700);
		while ((n = read(from, buf, sizeof(buf))) > 0)
			if (write(to, buf, (size_t)n) != n)
				note("copy: errno %d", errno);
		close(from);
		close(to);
		check_child(run_program, 0, "run %d", i);
	}
	unlink("copy");
	end();
	return tap_done();
}
