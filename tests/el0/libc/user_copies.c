/*
 * user_copies.c - what read(2) and write(2) move between a file and memory, by much and by little:
 * every alignment of both, memory that ends or may not be written in the middle, memory that is
 * shared after fork(2), the file's own mapping; and the caller's registers behind it.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE	  4096UL
#define SIZE	  (24 * PAGE)
#define FILE_NAME "/tmp/user-copies"
#define RW	  (PROT_READ | PROT_WRITE)
#define ANON	  (MAP_PRIVATE | MAP_ANONYMOUS)

static unsigned char model[SIZE];
static int fd;

static unsigned char *fresh(size_t size)
{
	unsigned char *p = mmap(NULL, size, RW, ANON, -1, 0);

	if (p == MAP_FAILED)
		exit(bail_out("no memory for the test"));
	return p;
}

static bool all_are(const unsigned char *p, size_t n, unsigned char byte)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte)
			return false;
	return true;
}

/* ---- lengths and places ---- */

static const size_t lengths[] = { 1,	511,  512,  513,      1000,	     1023,	   1024,
				  1025, 1087, 1088, 1151,     2047,	     4080,	   4095,
				  4096, 4097, 5119, 2 * PAGE, 9 * PAGE + 31, 17 * PAGE + 1 };
static const size_t places[] = { 0, 1, 7, 8, 15, 16, 17, 63, 2040, 3071, 3072, 3073, 4080, 4095 };

#define LENGTH(a) (sizeof(a) / sizeof(*(a)))

/* @n bytes from @from of the file to @to of memory and back into the file's second half: wrong? */
static bool moves_wrong(unsigned char *buf, size_t n, size_t from, size_t to)
{
	unsigned char *at = buf + PAGE + to;

	memset(buf, 0x5a, SIZE + 3 * PAGE);
	if (sys(pread64, fd, at, n, from) != (long)n || memcmp(at, model + from, n))
		return true;
	if (!all_are(buf, PAGE + to, 0x5a) || !all_are(at + n, PAGE, 0x5a))
		return true;
	if (sys(pwrite64, fd, at, n, SIZE + to) != (long)n)
		return true;
	memset(at, 0, n);
	return sys(pread64, fd, at, n, SIZE + to) != (long)n || memcmp(at, model + from, n);
}

static void every_place(void)
{
	unsigned char *buf = fresh(SIZE + 3 * PAGE);
	long wrong = 0;

	begin("copies: every length to and from every place");
	for (size_t i = 0; i < LENGTH(lengths); i++)
		for (size_t j = 0; j < LENGTH(places); j++)
			for (size_t k = 0; k < LENGTH(places); k += 3)
				wrong += moves_wrong(buf, lengths[i], places[k], places[j]);
	check(wrong, 0, "moves that went wrong");
	munmap(buf, SIZE + 3 * PAGE);
	end();
}

/* ---- memory that ends ---- */

/* Of 8 pages the fourth on are @what (a protection; -1: unmapped); all from @to on is asked for. */
static void ends(int what, size_t to, const char *name)
{
	unsigned char *buf = fresh(8 * PAGE);
	size_t room = 4 * PAGE - to;

	memset(buf, 0x5a, 8 * PAGE);
	if (what < 0)
		munmap(buf + 4 * PAGE, PAGE);
	else
		mprotect(buf + 4 * PAGE, PAGE, what);
	check(sys(pread64, fd, buf + to, 7 * PAGE, 3), (long)room, name);
	check(memcmp(buf + to, model + 3, room), 0, "and these are right");
	check(all_are(buf, to, 0x5a) && all_are(buf + 5 * PAGE, 3 * PAGE, 0x5a), 1,
	      "nothing else is written");
	if (what >= 0)
		mprotect(buf + 4 * PAGE, PAGE, RW);
	check(what < 0 || all_are(buf + 4 * PAGE, PAGE, 0x5a), 1, "nor what may not be");
	check(sys(pread64, fd, what < 0 ? buf + 4 * PAGE : (void *)~0xfffUL, 2 * PAGE, 0), -EFAULT,
	      "where none is");
	munmap(buf, 8 * PAGE);
}

static void ending_memory(void)
{
	begin("copies: memory that ends in the middle");
	for (size_t i = 0; i < 2; i++) {
		size_t to = i ? PAGE + 16 : 2 * PAGE;

		ends(PROT_NONE, to, "up to what nobody may touch");
		ends(PROT_READ, to, "up to what may be read only");
		ends(-1, to, "up to what is unmapped");
	}
	end();
}

/* ---- memory that is shared, or that nobody has written ---- */

static void shared_memory(void)
{
	unsigned char *buf = fresh(4 * PAGE), *map;
	volatile unsigned char seen;
	int status = -1;
	pid_t pid;

	begin("copies: pages that others have too");
	seen = buf[0] | buf[PAGE] | buf[2 * PAGE]; /* the page of zeros */
	check(seen, 0, "zeros");
	check(sys(pread64, fd, buf + 40, 2 * PAGE, 0), 2 * PAGE, "over the page of zeros");
	check(memcmp(buf + 40, model, 2 * PAGE), 0, "is there");
	check(all_are(fresh(4 * PAGE), 4 * PAGE, 0), 1, "and other zeros stay such");
	pid = fork();
	if (!pid) {
		bool right = sys(pread64, fd, buf + 40, 2 * PAGE, 9) == 2 * PAGE &&
			     !memcmp(buf + 40, model + 9, 2 * PAGE);

		_exit(right ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "a child reads over its copy");
	check(memcmp(buf + 40, model, 2 * PAGE), 0, "which its parent does not see");
	map = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 2 * SIZE);
	check(sys(pwrite64, fd, model, 8 * PAGE, 2 * SIZE), 8 * PAGE, "a mapped part of the file");
	check(memcmp(map, model, 8 * PAGE), 0, "is seen");
	check(sys(pwrite64, fd, map, 8 * PAGE, 2 * SIZE), 8 * PAGE, "written onto itself");
	check(sys(pread64, fd, map, 8 * PAGE, 2 * SIZE), 8 * PAGE, "and read onto itself");
	check(memcmp(map, model, 8 * PAGE), 0, "is the same");
	check(sys(pread64, fd, map + 100, 4 * PAGE, 2 * SIZE), 4 * PAGE,
	      "read onto a part of itself");
	check(memcmp(map, model, 100) || memcmp(map + 4 * PAGE + 100, model + 4 * PAGE + 100, PAGE),
	      0, "what is not of it is the same");
	munmap(map, 8 * PAGE);
	munmap(buf, 4 * PAGE);
	end();
}

/* ---- the registers that the kernel may borrow ---- */

/* V0-V31 before: bytes of 1 to 32; @nr is called, or @store is stored to; V0-V31 after: @v. */
static long with_registers(unsigned char v[32][16], long nr, long a, long b, long c, long d,
			   unsigned char *store)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register void *x9 __asm__("x9") = v;
	register void *x10 __asm__("x10") = store;

	__asm__ volatile(".altmacro\n"
			 ".macro set_v n, m\n movi v\\n\\().16b, #\\m\n .endm\n"
			 ".macro get_v n\n str q\\n, [x9], #16\n .endm\n"
			 ".set i, 0\n .rept 32\n set_v %%i, %%(i+1)\n .set i, i+1\n .endr\n"
			 "cbz x10, 1f\n strb wzr, [x10]\n b 2f\n 1: svc #0\n 2:\n"
			 ".set i, 0\n .rept 32\n get_v %%i\n .set i, i+1\n .endr\n"
			 ".noaltmacro\n .purgem set_v\n .purgem get_v\n"
			 : "+r"(x0), "+r"(x9)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x10)
			 : "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9",
			   "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
			   "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
			   "v30", "v31");
	return x0;
}

static bool kept(unsigned char v[32][16])
{
	for (int i = 0; i < 32; i++)
		if (!all_are(v[i], 16, (unsigned char)(i + 1)))
			return false;
	return true;
}

static void registers(void)
{
	unsigned char *buf = fresh(20 * PAGE), v[32][16];
	int status = -1;
	pid_t pid;

	begin("copies: V0-V31 behind them");
	check(with_registers(v, SYS_pread64, fd, (long)buf + 16, 16 * PAGE, 1, NULL), 16 * PAGE,
	      "a long read into memory that is not there yet");
	check(kept(v), 1, "registers");
	check(with_registers(v, SYS_pread64, fd, (long)buf + 16, 16 * PAGE, 1, NULL), 16 * PAGE,
	      "into memory that is");
	check(kept(v), 1, "registers");
	check(with_registers(v, SYS_pwrite64, fd, (long)buf + 16, 2 * PAGE + 77, 2 * SIZE, NULL),
	      2 * PAGE + 77, "a write");
	check(kept(v), 1, "registers");
	pid = fork();
	if (!pid) {
		(void)with_registers(v, 0, 0, 0, 0, 0, buf + PAGE);
		_exit(kept(v) && !buf[PAGE] && !memcmp(buf + PAGE + 1, model + PAGE - 14, PAGE)
			      ? 0
			      : 1);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "a child's store to a page that is its parent's too");
	munmap(buf, 20 * PAGE);
	end();
}

/* ---- while the address space changes ---- */

static volatile bool stop;

static void *change_mappings(void *arg)
{
	(void)arg;
	while (!stop) {
		void *p = mmap(NULL, 64 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);

		munmap(p, 64 * PAGE);
	}
	return NULL;
}

static void *read_much(void *arg)
{
	unsigned char *buf = malloc(SIZE);
	long wrong = 0;

	(void)arg;
	for (int i = 0; i < 200; i++) {
		size_t from = (size_t)i * 5 % 97;
		long n = (long)(SIZE - from);

		memset(buf, 0, SIZE);
		wrong +=
			sys(pread64, fd, buf, n, from) != n || memcmp(buf, model + from, (size_t)n);
	}
	free(buf);
	return (void *)wrong;
}

static void beside_changes(void)
{
	pthread_t changer, readers[3];
	void *wrong;

	begin("copies: while other threads change the address space");
	check(pthread_create(&changer, NULL, change_mappings, NULL), 0, "a thread that maps");
	for (int i = 0; i < 3; i++)
		check(pthread_create(&readers[i], NULL, read_much, NULL), 0, "a thread that reads");
	for (int i = 0; i < 3; i++) {
		pthread_join(readers[i], &wrong);
		check((long)wrong, 0, "reads that went wrong");
	}
	stop = true;
	pthread_join(changer, NULL);
	end();
}

int main(void)
{
	fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (size_t i = 0; i < SIZE; i++)
		model[i] = (unsigned char)(i * 31 + i / 251);
	check(sys(pwrite64, fd, model, SIZE, 0), SIZE, "the file");
	check(ftruncate(fd, 3 * SIZE), 0, "and more of it");
	every_place();
	ending_memory();
	shared_memory();
	registers();
	beside_changes();
	unlink(FILE_NAME);
	return tap_done();
}
