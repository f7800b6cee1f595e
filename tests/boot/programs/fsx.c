/*
 * fsx.c - random reads, writes, mappings and truncates of files, against a model in memory.
 *
 *	fsx DIR SEED OPERATIONS FILES [nohole] [nodirect] [noshared] [max=BYTES]
 *
 * FILES processes at one time each have a file of their own in DIR; what a file must hold is known
 * byte by byte, and is compared with whatever way shows it: read, pread, a shared or a private
 * mapping, O_DIRECT, a second descriptor, another process's eyes.  nohole: the file system has no
 * holes (FAT): SEEK_DATA and FALLOC_FL_PUNCH_HOLE are not tried; noshared: it maps for itself alone
 * (9P without a cache).  The same seed gives the same operations on any kernel.  Ends with "fsx: N
 * operations, F files: well", or with the last operations and the first byte that differs, and
 * status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SIZE (1u << 20)
#define LOG	 24
#define PAGE	 4096u

static struct {
	char path[256];
	int fd;
	uint64_t rng;
	size_t size, max;
	bool holes, direct, shared, can_fallocate, can_punch;
	unsigned long done;
	char log[LOG][96];
} t;

static uint8_t model[MAX_SIZE], *buffer;

static uint32_t random32(void)
{
	t.rng ^= t.rng << 13;
	t.rng ^= t.rng >> 7;
	t.rng ^= t.rng << 17;
	return (uint32_t)(t.rng >> 16);
}

static size_t below(size_t n)
{
	return n ? random32() % n : 0;
}

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t.log[t.done % LOG], sizeof(t.log[0]), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *fmt, ...)
{
	va_list ap;

	printf("fsx: %s, operation %lu, size %zu: ", t.path, t.done, t.size);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	for (unsigned long i = t.done >= LOG ? t.done - LOG + 1 : 0; i <= t.done; i++)
		printf("  %lu: %s\n", i, t.log[i % LOG]);
	fflush(stdout);
	_exit(1);
}

/* What lies at @at is as the model says. */
static void compare(const char *how, const uint8_t *got, size_t at, size_t n)
{
	if (!memcmp(got, model + at, n))
		return;
	for (size_t i = 0; i < n; i++)
		if (got[i] != model[at + i])
			fail("%s of %zu at %#zx: byte %#zx is %02x, must be %02x", how, n, at,
			     at + i, got[i], model[at + i]);
}

static void fill(uint8_t *to, size_t n)
{
	uint32_t word = random32() | 0x01010101;

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(word >> (i % 4 * 8)) + (uint8_t)(i >> 8);
}

/* A place and a length within @limit, often at the edge of a page. */
static void choose(size_t limit, size_t *at, size_t *n)
{
	*at = below(limit);
	*n = below(random32() % 8 ? 3 * PAGE : 16 * PAGE) + 1;
	if (random32() % 4 == 0)
		*at &= ~(size_t)(PAGE - 1);
	if (random32() % 4 == 0)
		*n = (*n + PAGE - 1) & ~(size_t)(PAGE - 1);
	if (*n > limit - *at)
		*n = limit - *at;
}

static void grow_to(size_t end)
{
	if (end > t.size)
		t.size = end;
}

/* ---- operations ---- */

static void do_read(void)
{
	size_t at, n, want;
	ssize_t got;

	if (!t.size)
		return;
	choose(t.size, &at, &n);
	want = n + below(100); /* also behind the end */
	if (want > t.max)
		want = n;
	note("read %zu at %#zx", want, at);
	got = pread(t.fd, buffer, want, (off_t)at);
	if (got < 0)
		fail("pread: error %d", errno);
	if ((size_t)got != (want < t.size - at ? want : t.size - at))
		fail("pread says %zd", got);
	compare("read", buffer, at, (size_t)got);
}

static void do_readv(void)
{
	size_t at, n, first;
	struct iovec v[2];

	if (!t.size)
		return;
	choose(t.size, &at, &n);
	first = below(n);
	note("readv %zu+%zu at %#zx", first, n - first, at);
	v[0] = (struct iovec){ buffer, first };
	v[1] = (struct iovec){ buffer + first, n - first };
	if (lseek(t.fd, (off_t)at, SEEK_SET) != (off_t)at || readv(t.fd, v, 2) != (ssize_t)n)
		fail("readv: error %d", errno);
	compare("readv", buffer, at, n);
}

static void do_write(void)
{
	size_t at, n;

	choose(t.max, &at, &n);
	fill(model + at, n);
	note("write %zu at %#zx", n, at);
	if (pwrite(t.fd, model + at, n, (off_t)at) != (ssize_t)n)
		fail("pwrite: error %d", errno);
	grow_to(at + n);
}

static void do_append(void)
{
	size_t n = below(5000) + 1;
	int fd;

	if (t.size + n > t.max)
		return;
	fill(model + t.size, n);
	note("append %zu", n);
	fd = open(t.path, O_WRONLY | O_APPEND);
	if (fd < 0 || write(fd, model + t.size, n) != (ssize_t)n || close(fd))
		fail("append: error %d", errno);
	t.size += n;
}

static void do_truncate(void)
{
	size_t size = random32() % 4 ? below(t.max) : 0;

	if (random32() % 4 == 0)
		size &= ~(size_t)(PAGE - 1);
	note("truncate to %#zx", size);
	if (ftruncate(t.fd, (off_t)size))
		fail("ftruncate: error %d", errno);
	/* What is cut off reads as zeros when the file grows again. */
	if (size < t.size)
		memset(model + size, 0, t.size - size);
	t.size = size;
}

static void do_map_read(void)
{
	size_t at, n, start;
	bool private = random32() % 2 || !t.shared;
	uint8_t *p;

	if (!t.size)
		return;
	choose(t.size, &at, &n);
	start = at & ~(size_t)(PAGE - 1);
	note("map %s, read %zu at %#zx", private ? "private" : "shared", n, at);
	p = mmap(NULL, at + n - start, PROT_READ, private ? MAP_PRIVATE : MAP_SHARED, t.fd,
		 (off_t)start);
	if (p == MAP_FAILED)
		fail("mmap: error %d", errno);
	compare("mapping", p + (at - start), at, n);
	/* Behind the end of the file, in its last page, are zeros. */
	for (size_t i = at + n; at + n == t.size && i % PAGE; i++)
		if (p[i - start])
			fail("mapping: byte %#zx behind the end is %02x", i, p[i - start]);
	munmap(p, at + n - start);
}

static void do_map_write(void)
{
	size_t at, n, start;
	uint8_t *p;

	if (!t.size || !t.shared)
		return;
	choose(t.size, &at, &n);
	start = at & ~(size_t)(PAGE - 1);
	fill(model + at, n);
	note("map shared, write %zu at %#zx", n, at);
	p = mmap(NULL, at + n - start, PROT_READ | PROT_WRITE, MAP_SHARED, t.fd, (off_t)start);
	if (p == MAP_FAILED)
		fail("mmap: error %d", errno);
	memcpy(p + (at - start), model + at, n);
	/* The last page's rest is nobody's: it must never be seen. */
	if (at + n == t.size && t.size % PAGE && random32() % 2)
		memset(p + (at + n - start), 0x5a, PAGE - t.size % PAGE);
	if (random32() % 4 == 0 && msync(p, at + n - start, random32() % 2 ? MS_SYNC : MS_ASYNC))
		fail("msync: error %d", errno);
	if (at + n == t.size && t.size % PAGE)
		memset(p + (at + n - start), 0, PAGE - t.size % PAGE);
	munmap(p, at + n - start);
}

/* A private copy is changed; the file is not. */
static void do_map_private(void)
{
	size_t at, n, start;
	uint8_t *p;

	if (!t.size)
		return;
	choose(t.size, &at, &n);
	start = at & ~(size_t)(PAGE - 1);
	note("map private, write %zu at %#zx", n, at);
	p = mmap(NULL, at + n - start, PROT_READ | PROT_WRITE, MAP_PRIVATE, t.fd, (off_t)start);
	if (p == MAP_FAILED)
		fail("mmap: error %d", errno);
	memset(p + (at - start), 0xa5, n);
	munmap(p, at + n - start);
	if (pread(t.fd, buffer, n, (off_t)at) != (ssize_t)n)
		fail("pread: error %d", errno);
	compare("read behind a private write", buffer, at, n);
}

static void do_direct(void)
{
	size_t at = below(t.max) & ~(size_t)(PAGE - 1), n = (below(8) + 1) * PAGE;
	bool write = random32() % 2;
	ssize_t got;
	int fd;

	if (!t.direct || at + n > t.max || (!write && at >= t.size))
		return;
	note("direct %s %zu at %#zx", write ? "write" : "read", n, at);
	fd = open(t.path, O_RDWR | O_DIRECT);
	if (fd < 0) {
		t.direct = false; /* not every file system has it */
		return;
	}
	if (write) {
		fill(model + at, n);
		memcpy(buffer, model + at, n);
		got = pwrite(fd, buffer, n, (off_t)at);
		if (got != (ssize_t)n)
			fail("direct write says %zd, error %d", got, errno);
		grow_to(at + n);
	} else {
		got = pread(fd, buffer, n, (off_t)at);
		if (got < 0 || (size_t)got != (n < t.size - at ? n : t.size - at))
			fail("direct read says %zd, error %d", got, errno);
		compare("direct read", buffer, at, (size_t)got);
	}
	close(fd);
}

static void do_fallocate(void)
{
	size_t at, n;

	if (!t.can_fallocate)
		return;
	choose(t.max, &at, &n);
	note("fallocate %zu at %#zx", n, at);
	if (fallocate(t.fd, 0, (off_t)at, (off_t)n)) {
		if (errno != EOPNOTSUPP)
			fail("fallocate: error %d", errno);
		t.can_fallocate = false;
		return;
	}
	grow_to(at + n);
}

static void do_punch(void)
{
	size_t at, n;

	if (!t.can_punch || !t.size)
		return;
	choose(t.size, &at, &n);
	note("punch %zu at %#zx", n, at);
	if (fallocate(t.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)n)) {
		if (errno != EOPNOTSUPP)
			fail("punch: error %d", errno);
		t.can_punch = false;
		return;
	}
	memset(model + at, 0, n);
}

/* Between two places that SEEK_HOLE and SEEK_DATA name there are zeros alone. */
static void do_seek(void)
{
	size_t at = below(t.size);
	off_t data, hole;

	if (!t.holes || !t.size)
		return;
	note("seek data and hole at %#zx", at);
	data = lseek(t.fd, (off_t)at, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		fail("SEEK_DATA: error %d", errno);
	for (size_t i = at; i < (data < 0 ? t.size : (size_t)data); i++)
		if (model[i])
			fail("SEEK_DATA passes over byte %#zx", i);
	hole = lseek(t.fd, (off_t)at, SEEK_HOLE);
	if (hole < (off_t)at || hole > (off_t)t.size)
		fail("SEEK_HOLE says %lld, error %d", (long long)hole, errno);
}

static void do_sync(void)
{
	unsigned int how = random32() % 3;

	note("sync %u", how);
	if (how == 0 ? fsync(t.fd) : how == 1 ? fdatasync(t.fd) : sync_file_range(t.fd, 0, 0, 7))
		fail("sync: error %d", errno);
}

/* What is clean is dropped: it has to come from the disk again. */
static void do_drop(void)
{
	note("drop");
	if (fdatasync(t.fd) || posix_fadvise(t.fd, 0, 0, POSIX_FADV_DONTNEED))
		fail("drop: error %d", errno);
}

static void do_reopen(void)
{
	struct stat st;

	note("close and open");
	if (close(t.fd))
		fail("close: error %d", errno);
	t.fd = open(t.path, O_RDWR);
	if (t.fd < 0 || fstat(t.fd, &st))
		fail("open: error %d", errno);
	if ((size_t)st.st_size != t.size)
		fail("st_size is %lld", (long long)st.st_size);
}

static void do_copy(void)
{
	size_t at, n, to;
	off_t from, into;
	ssize_t got;

	if (!t.size)
		return;
	choose(t.size, &at, &n);
	to = below(t.max - n);
	if (to < at + n && at < to + n)
		return; /* they overlap */
	note("copy_file_range %zu from %#zx to %#zx", n, at, to);
	from = (off_t)at;
	into = (off_t)to;
	while (n) {
		got = copy_file_range(t.fd, &from, t.fd, &into, n, 0);
		if (got <= 0)
			fail("copy_file_range says %zd, error %d", got, errno);
		memcpy(model + to, model + at, (size_t)got);
		grow_to(to + (size_t)got);
		at += (size_t)got;
		to += (size_t)got;
		n -= (size_t)got;
	}
}

static void check_all(void)
{
	size_t at = 0;
	ssize_t got;

	note("read all");
	while ((got = pread(t.fd, buffer, 64 * PAGE, (off_t)at)) > 0) {
		if (at + (size_t)got > t.size)
			fail("the file is longer: %zu", at + (size_t)got);
		compare("read all", buffer, at, (size_t)got);
		at += (size_t)got;
	}
	if (got < 0 || at != t.size)
		fail("the file ends at %zu, error %d", at, errno);
}

static const struct {
	void (*run)(void);
	unsigned int weight;
} operations[] = {
	{ do_read, 20 },    { do_readv, 5 },	 { do_write, 25 },     { do_append, 5 },
	{ do_truncate, 8 }, { do_map_read, 12 }, { do_map_write, 15 }, { do_map_private, 4 },
	{ do_direct, 6 },   { do_fallocate, 3 }, { do_punch, 4 },      { do_seek, 3 },
	{ do_sync, 2 },	    { do_drop, 3 },	 { do_reopen, 3 },     { do_copy, 3 },
};

static void run_one(unsigned long n)
{
	unsigned int sum = 0, at;
	size_t kinds = sizeof(operations) / sizeof(*operations);

	for (size_t i = 0; i < kinds; i++)
		sum += operations[i].weight;
	t.fd = open(t.path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (t.fd < 0)
		fail("create: error %d", errno);
	for (t.done = 0; t.done < n; t.done++) {
		size_t i = 0;

		note("nothing");
		for (at = (unsigned int)below(sum); at >= operations[i].weight; i++)
			at -= operations[i].weight;
		operations[i].run();
		if (t.done % 500 == 499) {
			t.done++;
			check_all();
			t.done--;
		}
	}
	check_all();
	close(t.fd);
	/* Left as it is: who unmounts finds the same bytes. */
}

int main(int argc, char **argv)
{
	unsigned long n, files, bad = 0;
	uint64_t seed;
	int status;

	if (argc < 5) {
		fprintf(stderr, "usage: fsx DIR SEED OPERATIONS FILES [nohole] [nodirect] "
				"[noshared] [max=N]\n");
		return 2;
	}
	seed = strtoull(argv[2], NULL, 0);
	n = strtoul(argv[3], NULL, 0);
	files = strtoul(argv[4], NULL, 0);
	t.max = 256u << 10;
	t.holes = t.direct = t.shared = t.can_fallocate = t.can_punch = true;
	for (int i = 5; i < argc; i++) {
		if (!strcmp(argv[i], "nohole"))
			t.holes = t.can_punch = false;
		else if (!strcmp(argv[i], "nodirect"))
			t.direct = false;
		else if (!strcmp(argv[i], "noshared"))
			t.shared = false;
		else if (!strncmp(argv[i], "max=", 4))
			t.max = strtoul(argv[i] + 4, NULL, 0);
	}
	if (t.max > MAX_SIZE)
		t.max = MAX_SIZE;
	buffer = mmap(NULL, MAX_SIZE + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (buffer == MAP_FAILED)
		return 2;
	for (unsigned long i = 0; i < files; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			printf("fsx: fork: error %d\n", errno);
			return 1;
		}
		if (!pid) {
			snprintf(t.path, sizeof(t.path), "%s/fsx%lu", argv[1], i);
			t.rng = (seed + 1) * 0x9e3779b97f4a7c15u + i * 0xd1342543de82ef95u;
			run_one(n);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		bad += status != 0;
	if (bad)
		printf("fsx: %lu of %lu files: not well\n", bad, files);
	else
		printf("fsx: %lu operations, %lu files: well\n", n, files);
	return bad != 0;
}
