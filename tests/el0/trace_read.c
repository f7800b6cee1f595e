/*
 * trace_read.c - /dev/trace: a stream in pieces of any size to any address, for those that may.
 *
 * Linux has no such device, and there all is left out.
 */
#include "abi/capability.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/trace_stream.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

#define DIR   "/sys/kernel/newel/trace/"
#define CALLS 300
#define NEVER ((void *)8) /* never mapped */

static char stream[1 << 20] __attribute__((aligned(8)));

static long put(const char *name, const char *s)
{
	char path[64];
	long fd, ret;

	snprintf(path, sizeof(path), DIR "%s", name);
	fd = open(path, O_WRONLY, 0);
	if (fd < 0)
		return fd;
	ret = svc_write((int)fd, s, strlen(s));
	svc_close((int)fd);
	return ret < 0 ? ret : 0;
}

/* CALLS calls of getppid are in the rings, and nothing else. */
static void record_calls(void)
{
	check(put("nr", "getppid"), 0, "nr");
	check(put("kinds", "svc,ring"), 0, "kinds");
	check(put("clear", "1"), 0, "clear");
	for (int i = 0; i < CALLS; i++)
		svc_getppid();
	check(put("kinds", "ring"), 0, "kinds");
}

/* All of the stream up to its end into stream[], @piece bytes a read; how many there are. */
static size_t read_pieces(int fd, size_t piece)
{
	size_t at = 0;
	long n;

	while ((n = svc_read(fd, stream + at, piece)) > 0)
		at += (size_t)n;
	check(n, 0, "the end, in pieces of %zu", piece);
	return at;
}

/* The frames of @bytes bytes of stream[]: how many records they have; *@ends: of the kind END. */
static size_t count_records(size_t bytes, unsigned int *ends)
{
	size_t at = 0, records = 0;

	*ends = 0;
	while (at + sizeof(struct trace_frame) <= bytes) {
		const struct trace_frame *f = (const void *)(stream + at);

		if (!expect(f->magic == TRACE_FRAME_MAGIC && f->bytes <= TRACE_FRAME_MAX,
			    "a frame at %zu", at))
			return 0;
		records += f->kind == TRACE_FRAME_RECORDS ? f->records : 0;
		*ends += f->kind == TRACE_FRAME_END;
		at += sizeof(*f) + f->bytes;
	}
	expect(at == bytes, "frames of %zu bytes, read %zu", at, bytes);
	return records;
}

static int open_trace(void)
{
	return (int)open("/dev/trace", O_RDONLY, 0);
}

static void try_pieces(void)
{
	static const size_t sizes[] = { 1, 7, 32, 4096, sizeof(stream) };
	unsigned int ends;
	size_t n;

	begin("/dev/trace: the same stream in pieces of any size, then what is new");
	record_calls();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd = open_trace();

		n = read_pieces(fd, sizes[i]);
		check((long)count_records(n, &ends), 2 * CALLS, "records");
		check(ends, 1, "ends");
		check(svc_read(fd, stream, sizeof(stream)), 0, "nothing is new");
		record_calls();
		n = read_pieces(fd, sizes[i]);
		check((long)count_records(n, &ends), 2 * CALLS, "records that are new");
		check(ends, 1, "ends");
		svc_close(fd);
	}
	end();
}

static void try_addresses(void)
{
	unsigned int ends;
	size_t n = 0;
	long got;
	int fd;

	begin("/dev/trace: what cannot be written is not lost");
	record_calls();
	fd = open_trace();
	while ((got = svc_read(fd, NEVER, 4096)) == -EFAULT) {
		check(svc_read(fd, (void *)(1ull << 60), 4096), -EFAULT, "read to the kernel");
		check(svc_read(fd, stream, 0), 0, "read of 0");
		got = svc_read(fd, stream + n, 3000);
		if (!expect(got > 0 && n < sizeof(stream) - 8192, "a piece (%ld)", got))
			break;
		n += (size_t)got;
	}
	check(got, 0, "the end");
	check((long)count_records(n, &ends), 2 * CALLS, "records");
	check(svc_write(fd, "x", 1), -EBADF, "write");
	check(svc_lseek(fd, 0, 0), -ESPIPE, "seek");
	svc_close(fd);
	end();
}

static int given;

static void as_user(void)
{
	check(svc_call(NR_setresuid, 1000, 1000, 1000, 0, 0, 0), 0, "setresuid");
	check(open("/dev/trace", O_RDONLY, 0), -EACCES, "open");
	check(svc_read(given, stream, 4096), -EPERM, "read what root has opened");
}

static void try_resize(void)
{
	unsigned int ends;
	size_t n;
	int fd;

	begin("/dev/trace: other rings while it is open");
	record_calls();
	fd = open_trace();
	check(svc_read(fd, stream, 100), 100, "a part of the first frame");
	check(put("size", "8192"), 0, "size");
	check(put("size", "1M"), 0, "size");
	n = 100;
	for (long got; (got = svc_read(fd, stream + n, 4096)) > 0;)
		n += (size_t)got;
	check((long)count_records(n, &ends), 0, "what was in the old ones");
	record_calls();
	n = read_pieces(fd, sizeof(stream));
	check((long)count_records(n, &ends), 2 * CALLS, "records in the new ones");
	check(put("size", "131072"), 0, "size");
	svc_close(fd);
	given = open_trace();
	check_child(as_user, 0, "user 1000");
	svc_close(given);
	end();
}

static void fail_nth(int n)
{
	char text[16];
	int fd = (int)open("/dev/fail", O_WRONLY, 0);

	snprintf(text, sizeof(text), "%d", n);
	check(svc_write(fd, text, strlen(text)), (long)strlen(text), "/dev/fail");
	svc_close(fd);
}

/* Each allocation of it fails once: the rings are as they were, and go on. */
static void try_no_memory(void)
{
	unsigned int ends, failed = 0;
	long err;
	int fd;

	begin("/dev/trace: no memory for other rings");
	for (int n = 1; n < 200; n += 1 + n / 16) {
		fail_nth(n);
		err = put("size", n & 1 ? "65536" : "98304");
		fail_nth(0);
		check_one_of(err, 0, -ENOMEM, "size, allocation %d fails", n);
		failed += err == -ENOMEM;
		record_calls();
		fd = open_trace();
		err = (long)read_pieces(fd, sizeof(stream));
		check((long)count_records((size_t)err, &ends), 2 * CALLS, "records");
		svc_close(fd);
	}
	expect(failed > 10, "memory was wanted (%u)", failed);
	check(put("size", "131072"), 0, "size");
	end();
}

int main(void)
{
	long fd;

	svc_mkdirat(AT_FDCWD, "/sys", 0755);
	svc_mount("sysfs", "/sys", "sysfs", 0, NULL);
	fd = open(DIR "kinds", O_RDONLY, 0);
	if (fd < 0) {
		begin("/dev/trace");
		skip("this kernel has none");
		end();
		return tap_done();
	}
	svc_close((int)fd);
	try_pieces();
	try_addresses();
	try_resize();
	try_no_memory();
	put("kinds", "none");
	put("nr", "all");
	put("clear", "1");
	return tap_done();
}
