/*
 * loop_devices.c - block devices as programs see them, tried on loop devices: what is read and
 * written, ioctl(2), O_EXCL, partitions, and how a file gets behind a device and away from it.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <linux/blkpg.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SIZE (4L << 20)

static int control, file, number;
static char node[32];
static char buf[8192];

static long cmd(int fd, unsigned long what, const void *arg)
{
	long ret = ioctl(fd, what, arg);

	return ret < 0 ? -errno : ret;
}

static long number_of(int fd, unsigned long what)
{
	long n = 0, ret = cmd(fd, what, &n);

	return ret < 0 ? ret : n;
}

/* The device, open; or -errno. */
static int device(int flags)
{
	int fd = open(node, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static long configure(int fd, int behind, unsigned int flags, uint64_t offset, uint64_t limit)
{
	struct loop_config c = {
		.fd = (uint32_t)behind,
		.info = { .lo_flags = flags, .lo_offset = offset, .lo_sizelimit = limit }
	};

	strcpy((char *)c.info.lo_file_name, "disk");
	return cmd(fd, LOOP_CONFIGURE, &c);
}

static void free_device(int fd)
{
	check(cmd(fd, LOOP_CLR_FD, NULL), 0, "LOOP_CLR_FD");
	close(fd);
}

static void numbers(void)
{
	begin("ioctl: LOOP_CTL_GET_FREE, LOOP_CTL_ADD, LOOP_CTL_REMOVE");
	check(cmd(control, LOOP_CTL_ADD, (void *)(long)number), -EEXIST, "what is there");
	check(cmd(control, LOOP_CTL_ADD, (void *)1234), 1234, "a number");
	check(cmd(control, LOOP_CTL_ADD, (void *)1234), -EEXIST, "twice");
	check(cmd(control, LOOP_CTL_REMOVE, (void *)1234), 0, "away");
	check(cmd(control, LOOP_CTL_REMOVE, (void *)1234), -ENODEV, "not there");
	check(cmd(control, LOOP_CTL_REMOVE, (void *)-1), -EINVAL, "none");
	check(cmd(control, LOOP_SET_FD, (void *)0), -ENOSYS, "another command");
	end();
}

static void unbound(void)
{
	int fd = device(O_RDWR);
	struct loop_info64 info;

	begin("ioctl: a device without a file");
	check(number_of(fd, BLKGETSIZE64), 0, "its size");
	check(sys(read, fd, buf, 512), 0, "read");
	check(sys(write, fd, buf, 512), -ENOSPC, "write");
	check(cmd(fd, LOOP_GET_STATUS64, &info), -ENXIO, "LOOP_GET_STATUS64");
	check(cmd(fd, LOOP_CLR_FD, NULL), -ENXIO, "LOOP_CLR_FD");
	check(cmd(fd, LOOP_SET_CAPACITY, NULL), -ENXIO, "LOOP_SET_CAPACITY");
	check(cmd(fd, LOOP_SET_FD, (void *)77), -EBADF, "no file");
	check(cmd(fd, LOOP_SET_FD, (void *)(long)open("/dev/null", O_RDWR)), -EINVAL, "no disk");
	check_one_of(cmd(fd, TIOCGWINSZ, buf), -EINVAL, -ENOTTY, "a terminal's");
	close(fd);
	end();
}

static void answers(int fd)
{
	struct hd_geometry geo;

	begin("ioctl: what a device says of itself");
	check(number_of(fd, BLKGETSIZE64), SIZE, "BLKGETSIZE64");
	check(number_of(fd, BLKGETSIZE), SIZE / 512, "BLKGETSIZE");
	check(number_of(fd, BLKSSZGET), 512, "BLKSSZGET");
	check(number_of(fd, BLKPBSZGET), 512, "BLKPBSZGET");
	check(number_of(fd, BLKBSZGET), 4096, "BLKBSZGET");
	check(number_of(fd, BLKIOMIN), 512, "BLKIOMIN");
	check(number_of(fd, BLKIOOPT), 0, "BLKIOOPT");
	check(number_of(fd, BLKALIGNOFF), 0, "BLKALIGNOFF");
	check(number_of(fd, BLKROTATIONAL), 0, "BLKROTATIONAL");
	check(number_of(fd, BLKDISCARDZEROES), 0, "BLKDISCARDZEROES");
	check(number_of(fd, BLKROGET), 0, "BLKROGET");
	check(number_of(fd, BLKRAGET), 256, "BLKRAGET");
	check(cmd(fd, BLKRASET, (void *)64), 0, "BLKRASET");
	check(number_of(fd, BLKFRAGET), 64, "BLKFRAGET");
	check(cmd(fd, BLKFRASET, (void *)256), 0, "BLKFRASET");
	check(cmd(fd, HDIO_GETGEO, &geo), -ENOTTY, "HDIO_GETGEO");
	check(cmd(fd, BLKGETSIZE64, (void *)8), -EFAULT, "no memory");
	expect(number_of(fd, BLKGETDISKSEQ) > 0, "BLKGETDISKSEQ");
	end();
}

static void block_sizes(int fd)
{
	int bad[] = { 0, 256, 513, 8192, -1 }, n = 1024;

	begin("ioctl: BLKBSZSET");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(cmd(fd, BLKBSZSET, &bad[i]), -EINVAL, "%d", bad[i]);
	check(cmd(fd, BLKBSZSET, &n), 0, "1024");
	check(number_of(fd, BLKBSZGET), 1024, "is so");
	n = 4096;
	check(cmd(fd, BLKBSZSET, &n), 0, "4096");
	end();
}

static void reading(int fd)
{
	begin("read, write, lseek: bytes of a device");
	memset(buf, 'x', sizeof(buf));
	check(sys(pwrite64, fd, buf, 3, 510), 3, "across sectors");
	check(sys(pread64, fd, buf, 6, 508), 6, "read");
	expect(!memcmp(buf, "\0\0xxx\0", 6), "what was written");
	check(sys(pwrite64, fd, "end", 3, SIZE - 2), 2, "cut at the end");
	check(sys(pwrite64, fd, "end", 3, SIZE), -ENOSPC, "behind it");
	check(sys(pread64, fd, buf, 8, SIZE - 2), 2, "read cut at the end");
	check(sys(pread64, fd, buf, 8, SIZE), 0, "behind it");
	check(sys(lseek, fd, 0, SEEK_END), SIZE, "SEEK_END");
	check(sys(lseek, fd, 1, SEEK_END), -EINVAL, "behind it");
	check(sys(lseek, fd, SIZE + 1, SEEK_SET), -EINVAL, "behind it");
	check(sys(lseek, fd, 5, SEEK_DATA), -EINVAL, "SEEK_DATA");
	check(sys(ftruncate, fd, 0), -EINVAL, "ftruncate");
	check(sys(fsync, fd), 0, "fsync");
	check(sys(pread64, file, buf, 6, 508), 6, "the file");
	expect(!memcmp(buf, "\0\0xxx\0", 6), "has it");
	end();
}

static void mapping(int fd)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);

	begin("mmap, msync: a device");
	if (expect(p != MAP_FAILED, "mapped")) {
		memcpy(p + 4095, "map", 3);
		check(sys(pread64, fd, buf, 3, 8191), 3, "read");
		expect(!memcmp(buf, "map", 3), "sees the store");
		check(sys(msync, p, 8192, MS_SYNC), 0, "msync");
		check(sys(pread64, file, buf, 3, 8191), 3, "the file");
		expect(!memcmp(buf, "map", 3), "has it");
		munmap(p, 8192);
	}
	end();
}

/* The device, none of it in memory, open anew: under Linux a file keeps what was set then. */
static int opened_with(int fd, long ahead)
{
	check(cmd(fd, BLKRASET, (void *)ahead), 0, "BLKRASET");
	check(cmd(fd, BLKFLSBUF, NULL), 0, "BLKFLSBUF");
	return device(O_RDONLY);
}

static long pages_in_memory(const char *p)
{
	unsigned char in[SIZE >> 12];
	long n = 0;

	check(sys(mincore, p, SIZE, in), 0, "mincore");
	for (size_t i = 0; i < sizeof(in); i++)
		n += in[i] & 1;
	return n;
}

#define LOOKS 10000 /* a millisecond apart */

/* The same, once there are @least: who asked for some does not wait for those ahead of them. */
static long pages_that_come(const char *p, long least)
{
	long n;

	for (int i = 0; (n = pages_in_memory(p)) < least && i < LOOKS; i++)
		usleep(1000);
	return n;
}

/* Pages that are in memory, @least, after one in the middle was asked for by a mapping. */
static long around_fault(int fd, long ahead, long least)
{
	int again = opened_with(fd, ahead);
	const volatile char *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, again, 0);
	long n;

	(void)p[64 << 12];
	n = pages_that_come((const char *)p, least);
	munmap((void *)p, SIZE);
	close(again);
	return n;
}

/* The same after the first 64 KiB were read by pieces of 4 KiB. */
static long ahead_of_read(int fd, long ahead, long least)
{
	int again = opened_with(fd, ahead);
	char *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, again, 0);
	long n;

	for (int i = 0; i < 16; i++)
		check(sys(read, again, buf, 4096), 4096, "read");
	n = pages_that_come(p, least);
	munmap(p, SIZE);
	close(again);
	return n;
}

static void read_ahead(int fd)
{
	long near, far;

	begin("ioctl: BLKRASET and how far ahead a device is read");
	check(around_fault(fd, 0, 1), 1, "a fault, without");
	check(around_fault(fd, 64, 8), 8, "a fault, 32 KiB");
	check(ahead_of_read(fd, 0, 16), 16, "reads, without");
	near = ahead_of_read(fd, 64, 17);
	expect(near > 16 && near <= 32, "reads, 32 KiB");
	far = ahead_of_read(fd, 2048, 33);
	expect(far > 32 && far <= 512, "reads, 1 MiB");
	check(cmd(fd, BLKRASET, (void *)256), 0, "BLKRASET");
	end();
}

static void direct(void)
{
	int fd = device(O_RDWR | O_DIRECT), cached = device(O_RDWR);
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin("open: O_DIRECT of a device");
	memset(p, 'd', 8192);
	check(sys(pwrite64, cached, "cached", 6, 12288), 6, "by the cache");
	check(sys(pread64, fd, p, 512, 12288), 512, "past it");
	expect(!memcmp(p, "cached", 6), "sees what the cache has");
	memcpy(p, "direct", 6);
	check(sys(pwrite64, fd, p, 4096, 12288), 4096, "write");
	check(sys(pread64, cached, buf, 6, 12288), 6, "by the cache");
	expect(!memcmp(buf, "direct", 6), "sees it");
	check(sys(pread64, fd, p, 100, 0), -EINVAL, "less than a sector");
	check(sys(pread64, fd, p, 512, 100), -EINVAL, "not at a sector");
	check(sys(pwrite64, fd, p, 8192, SIZE - 4096), 4096, "cut at the end");
	close(fd);
	close(cached);
	end();
}

static void alone(int fd)
{
	struct loop_info64 info;
	int b, a = device(O_RDWR | O_EXCL), flags = a >= 0 ? fcntl(a, F_GETFL) : 0;

	begin("open: O_EXCL of a device");
	expect(a >= 0, "one");
	check(flags & O_EXCL, 0, "F_GETFL");
	check(device(O_RDONLY | O_EXCL), -EBUSY, "another");
	b = device(O_RDONLY);
	expect(b >= 0, "one without");
	close(b);
	check(configure(fd, file, 0, 0, 0), -EBUSY, "LOOP_CONFIGURE by others");
	close(a);
	a = device(O_RDONLY | O_EXCL);
	expect(a >= 0, "once more");
	close(a);
	check(cmd(fd, LOOP_GET_STATUS64, &info), 0, "still there");
	check(info.lo_number, number, "lo_number");
	expect(!strcmp((char *)info.lo_file_name, "disk"), "lo_file_name");
	end();
}

static void read_only(int fd)
{
	int on = 1, off = 0, ro;

	begin("ioctl: BLKROSET");
	check(cmd(fd, BLKROSET, &on), 0, "on");
	check(number_of(fd, BLKROGET), 1, "is so");
	check(sys(pwrite64, fd, "x", 1, 0), -EPERM, "write");
	ro = device(O_RDWR);
	expect(ro >= 0, "open for writing");
	check(sys(pwrite64, ro, "x", 1, 0), -EPERM, "write");
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EINVAL,
	       "a mapping");
	close(ro);
	check(cmd(fd, BLKROSET, &off), 0, "off");
	check(sys(pwrite64, fd, "x", 1, 0), 1, "write");
	end();
}

static void discarding(int fd)
{
	uint64_t r[2] = { 65536, 65536 }, odd[2] = { 100, 512 }, out[2] = { SIZE, 512 };
	int ro = device(O_RDONLY);

	begin("ioctl: BLKDISCARD, BLKZEROOUT");
	memset(buf, 'z', sizeof(buf));
	check(sys(pwrite64, fd, buf, 4096, 65536), 4096, "bytes");
	check(cmd(fd, BLKZEROOUT, r), 0, "BLKZEROOUT");
	check(sys(pread64, fd, buf, 4096, 65536), 4096, "read");
	expect(!buf[0] && !buf[4095], "zeros");
	check(cmd(fd, BLKZEROOUT, odd), -EINVAL, "no sector");
	check(cmd(fd, BLKZEROOUT, out), -EINVAL, "behind the end");
	check(cmd(ro, BLKZEROOUT, r), -EBADF, "not open for writing");
	memset(buf, 'z', sizeof(buf));
	check(sys(pwrite64, fd, buf, 4096, 65536), 4096, "bytes");
	check(cmd(fd, BLKDISCARD, r), 0, "BLKDISCARD");
	check(sys(pread64, fd, buf, 4096, 65536), 4096, "read");
	expect(!buf[0] && !buf[4095], "a hole of the file");
	check(cmd(fd, BLKDISCARD, odd), -EINVAL, "no sector");
	check(cmd(fd, BLKDISCARD, out), -EINVAL, "behind the end");
	check(cmd(ro, BLKDISCARD, r), -EBADF, "not open for writing");
	check(cmd(fd, BLKSECDISCARD, r), -EOPNOTSUPP, "BLKSECDISCARD");
	check(sys(pwrite64, fd, "zz", 2, 65536), 2, "bytes");
	check(sys(fallocate, fd, FALLOC_FL_ZERO_RANGE, 65536, 4096), 0, "FALLOC_FL_ZERO_RANGE");
	check(sys(pread64, fd, buf, 2, 65536), 2, "read");
	expect(!buf[0] && !buf[1], "zeros");
	check_one_of(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 65536, 4096), 0,
		     -EOPNOTSUPP, "a hole");
	check(sys(fallocate, fd, 0, 0, 4096), -EOPNOTSUPP, "no mode");
	check(sys(fallocate, fd, FALLOC_FL_ZERO_RANGE, 100, 4096), -EINVAL, "no sector");
	check(sys(fallocate, fd, FALLOC_FL_ZERO_RANGE, 0, SIZE + 512), -EINVAL, "behind the end");
	check(sys(fallocate, ro, FALLOC_FL_ZERO_RANGE, 0, 4096), -EBADF, "not open for writing");
	check(cmd(fd, BLKFLSBUF, NULL), 0, "BLKFLSBUF");
	close(ro);
	end();
}

static void settings(int fd)
{
	struct loop_info64 info = { .lo_offset = 4096, .lo_sizelimit = 8192 };

	begin("ioctl: LOOP_SET_STATUS64, LOOP_SET_CAPACITY, LOOP_SET_BLOCK_SIZE");
	check(sys(pwrite64, file, "there", 5, 4096), 5, "the file");
	check(cmd(fd, LOOP_SET_STATUS64, &info), 0, "offset and limit");
	check(number_of(fd, BLKGETSIZE64), 8192, "size");
	check(sys(pread64, fd, buf, 5, 0), 5, "read");
	expect(!memcmp(buf, "there", 5), "at the offset");
	check(sys(pread64, fd, buf, 8192, 4096), 4096, "to the limit");
	info.lo_sizelimit = 0;
	check(cmd(fd, LOOP_SET_STATUS64, &info), 0, "offset");
	check(number_of(fd, BLKGETSIZE64), SIZE - 4096, "size");
	info.lo_offset = 0;
	check(cmd(fd, LOOP_SET_STATUS64, &info), 0, "all");
	info.lo_offset = 1UL << 63;
	check(cmd(fd, LOOP_SET_STATUS64, &info), -EOVERFLOW, "too far");
	info = (struct loop_info64){ .lo_encrypt_type = 1 };
	check(cmd(fd, LOOP_SET_STATUS64, &info), -EINVAL, "encrypted");
	check(sys(ftruncate, file, SIZE / 2), 0, "the file is shorter");
	check(number_of(fd, BLKGETSIZE64), SIZE, "not yet");
	check(cmd(fd, LOOP_SET_CAPACITY, NULL), 0, "LOOP_SET_CAPACITY");
	check(number_of(fd, BLKGETSIZE64), SIZE / 2, "now");
	check(sys(ftruncate, file, SIZE), 0, "as long as before");
	check(cmd(fd, LOOP_SET_CAPACITY, NULL), 0, "LOOP_SET_CAPACITY");
	check(cmd(fd, LOOP_SET_BLOCK_SIZE, (void *)1000), -EINVAL, "a block of 1000");
	check(cmd(fd, LOOP_SET_BLOCK_SIZE, (void *)4096), 0, "a block of 4096");
	check(number_of(fd, BLKSSZGET), 4096, "BLKSSZGET");
	check(cmd(fd, LOOP_SET_BLOCK_SIZE, (void *)512), 0, "a block of 512");
	end();
}

static long partition(int fd, int op, int part, long long start, long long length)
{
	struct blkpg_partition p = { .start = start, .length = length, .pno = part };
	struct blkpg_ioctl_arg a = { .op = op, .datalen = sizeof(p), .data = &p };

	return cmd(fd, BLKPG, &a);
}

/* The device number of partition @part, as /proc/partitions has it; 0: none. */
static dev_t find_partition(int part, unsigned long long *kib)
{
	char line[128], name[64], want[64];
	unsigned int major, minor;
	FILE *f = fopen("/proc/partitions", "r");
	dev_t dev = 0;

	snprintf(want, sizeof(want), "loop%dp%d", number, part);
	while (!dev && f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %u %llu %63s", &major, &minor, kib, name) == 4 &&
		    !strcmp(name, want))
			dev = makedev(major, minor);
	if (f)
		fclose(f);
	return dev;
}

static void partitions(int fd)
{
	unsigned long long kib = 0;
	dev_t dev;
	int p, whole;

	begin("ioctl: BLKPG");
	check(partition(fd, BLKPG_ADD_PARTITION, 1, 1 << 20, 1 << 20), 0, "one");
	check(partition(fd, BLKPG_ADD_PARTITION, 1, 2 << 20, 1 << 20), -EBUSY, "its number again");
	check(partition(fd, BLKPG_ADD_PARTITION, 2, 1 << 20, 512), -EBUSY, "its place again");
	check(partition(fd, BLKPG_ADD_PARTITION, 0, 2 << 20, 512), -EINVAL, "number 0");
	check(partition(fd, BLKPG_ADD_PARTITION, 2, 100, 512), -EINVAL, "no sector");
	check(partition(fd, BLKPG_ADD_PARTITION, 2, SIZE, 512), -EINVAL, "behind the end");
	check(partition(fd, BLKPG_DEL_PARTITION, 7, 0, 0), -ENXIO, "none is");
	dev = find_partition(1, &kib);
	check((long)kib, 1024, "its size in /proc/partitions");
	check(mknod("part", S_IFBLK | 0600, dev), 0, "mknod");
	p = open("part", O_RDWR | O_EXCL);
	expect(p >= 0, "open");
	check(device(O_RDWR | O_EXCL), -EBUSY, "then the whole is not alone");
	whole = device(O_RDWR);
	expect(whole >= 0, "but open");
	close(whole);
	check(number_of(p, BLKGETSIZE64), 1 << 20, "BLKGETSIZE64");
	check(sys(pwrite64, p, "part", 4, 512), 4, "write");
	check(sys(pwrite64, p, "part", 4, 1 << 20), -ENOSPC, "behind its end");
	check(sys(fsync, p), 0, "fsync");
	check(sys(pread64, file, buf, 4, (1 << 20) + 512), 4, "the file");
	expect(!memcmp(buf, "part", 4), "has it");
	check(partition(p, BLKPG_ADD_PARTITION, 5, 0, 512), -EINVAL, "of a partition");
	check(cmd(p, BLKRRPART, NULL), -EINVAL, "BLKRRPART of a partition");
	check(partition(fd, BLKPG_DEL_PARTITION, 1, 0, 0), -EBUSY, "in use");
	close(p);
	check(partition(fd, BLKPG_RESIZE_PARTITION, 1, 1 << 20, 1 << 19), 0, "smaller");
	p = open("part", O_RDONLY);
	check(number_of(p, BLKGETSIZE64), 1 << 19, "BLKGETSIZE64");
	close(p);
	check(partition(fd, BLKPG_DEL_PARTITION, 1, 0, 0), 0, "away");
	check(sys(openat, AT_FDCWD, "part", O_RDONLY), -ENXIO, "open");
	unlink("part");
	check(cmd(fd, BLKRRPART, NULL), -EINVAL, "BLKRRPART without LO_FLAGS_PARTSCAN");
	end();
}

/* A table with one partition: 2048 sectors from sector 2048 on. */
static void write_table(void)
{
	static const unsigned char entry[16] = {
		0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0
	};

	check(sys(pwrite64, file, entry, 16, 446), 16, "an entry");
	check(sys(pwrite64, file, "\x55\xaa", 2, 510), 2, "the mark");
}

static void scanning(void)
{
	unsigned long long kib = 0;
	int fd = device(O_RDWR);

	begin("ioctl: LO_FLAGS_PARTSCAN, BLKRRPART");
	write_table();
	check(configure(fd, file, LO_FLAGS_PARTSCAN, 0, 0), 0, "LOOP_CONFIGURE");
	expect(find_partition(1, &kib), "its partition");
	check((long)kib, 1024, "its size");
	check(sys(pwrite64, fd, "\0\0", 2, 510), 2, "no table any more");
	check(cmd(fd, BLKRRPART, NULL), 0, "BLKRRPART");
	check((long)find_partition(1, &kib), 0, "no partition");
	check(sys(pwrite64, fd, "\x55\xaa", 2, 510), 2, "a table");
	check(cmd(fd, BLKRRPART, NULL), 0, "BLKRRPART");
	expect(find_partition(1, &kib), "the partition");
	free_device(fd);
	check((long)find_partition(1, &kib), 0, "without a file none");
	end();
}

static void clearing(void)
{
	int fd = device(O_RDONLY), second;
	struct loop_info64 info;

	begin("ioctl: LO_FLAGS_AUTOCLEAR, LO_FLAGS_READ_ONLY, LOOP_CLR_FD");
	check(configure(fd, file, 0x100, 0, 0), -EINVAL, "unknown flags");
	check(configure(fd, file, LO_FLAGS_AUTOCLEAR, 512, 1024), 0, "LOOP_CONFIGURE");
	check(cmd(fd, LOOP_GET_STATUS64, &info), 0, "LOOP_GET_STATUS64");
	check(info.lo_flags, LO_FLAGS_AUTOCLEAR | LO_FLAGS_READ_ONLY, "read-only, as it is open");
	check(number_of(fd, BLKROGET), 1, "BLKROGET");
	check(number_of(fd, BLKGETSIZE64), 1024, "BLKGETSIZE64");
	close(fd);
	fd = device(O_RDWR);
	check(cmd(fd, LOOP_GET_STATUS64, &info), -ENXIO, "after the last close");
	check(number_of(fd, BLKROGET), 1, "BLKROGET");
	check(configure(fd, file, 0, 0, 0), 0, "LOOP_CONFIGURE");
	check(number_of(fd, BLKROGET), 0, "BLKROGET");
	check(configure(fd, file, 0, 0, 0), -EBUSY, "twice");
	check(configure(fd, fd, 0, 0, 0), -EBUSY, "of itself");
	check(cmd(control, LOOP_CTL_REMOVE, (void *)(long)number), -EBUSY, "in use");
	second = device(O_RDONLY);
	check(cmd(fd, LOOP_CLR_FD, NULL), 0, "LOOP_CLR_FD");
	close(fd);
	check(sys(pread64, second, buf, 512, 0), 512, "while another has it open");
	close(second);
	fd = device(O_RDONLY);
	check(number_of(fd, BLKGETSIZE64), 0, "then it is empty");
	close(fd);
	end();
}

/* A device behind a device. */
static void stacked(void)
{
	int fd = device(O_RDWR), above, n;
	char name[32];

	begin("ioctl: a loop device behind another");
	check(configure(fd, file, 0, 0, 0), 0, "the lower");
	n = (int)cmd(control, LOOP_CTL_GET_FREE, NULL);
	snprintf(name, sizeof(name), "above%d", n);
	mknod(name, S_IFBLK | 0600, makedev(7, n));
	above = open(name, O_RDWR);
	check(configure(above, above, 0, 0, 0), -EBADF, "itself");
	check(configure(above, fd, 0, 1 << 20, 0), 0, "the upper");
	check(number_of(above, BLKGETSIZE64), SIZE - (1 << 20), "its size");
	check(sys(pwrite64, above, "stack", 5, 1000), 5, "write");
	check(sys(fsync, above), 0, "fsync");
	check(sys(pread64, fd, buf, 5, (1 << 20) + 1000), 5, "the lower");
	expect(!memcmp(buf, "stack", 5), "has it");
	check(sys(fsync, fd), 0, "fsync");
	check(sys(pread64, file, buf, 5, (1 << 20) + 1000), 5, "the file");
	expect(!memcmp(buf, "stack", 5), "has it");
	free_device(above);
	free_device(fd);
	unlink(name);
	end();
}

/* As many as one likes, each behind the next, all of which go with the last close. */
static void chained(void)
{
	enum { LEVELS = 48, FIRST = 2000 };
	static int fds[LEVELS];
	int below = file;

	begin("ioctl: LOOP_CLR_FD of a chain of devices");
	mknod("level", S_IFBLK | 0600, 0);
	for (int i = 0; i < LEVELS; i++) {
		check(cmd(control, LOOP_CTL_ADD, (void *)(long)(FIRST + i)), FIRST + i, "add");
		unlink("level");
		mknod("level", S_IFBLK | 0600, makedev(7, FIRST + i));
		fds[i] = open("level", O_RDWR);
		check(configure(fds[i], below, 0, 0, 0), 0, "level %d", i);
		check(cmd(fds[i], LOOP_CLR_FD, NULL), 0, "LOOP_CLR_FD");
		below = fds[i];
	}
	for (int i = 0; i < LEVELS; i++)
		close(fds[i]);
	for (int i = LEVELS - 1; i >= 0; i--)
		check(cmd(control, LOOP_CTL_REMOVE, (void *)(long)(FIRST + i)), 0, "remove");
	unlink("level");
	end();
}

/* A device that goes while it is being opened: it is there, or it is not. */
static void going(void)
{
	enum { ROUNDS = 400, NUMBER = 1999 };
	int n = NUMBER, status;
	pid_t other;

	begin("ioctl: LOOP_CTL_REMOVE while others open the device");
	mknod("going", S_IFBLK | 0600, makedev(7, NUMBER));
	other = fork();
	for (int i = 0; !other && i < ROUNDS; i++) {
		int fd = open("going", O_RDWR);

		if (fd < 0)
			continue;
		number_of(fd, BLKRAGET);
		number_of(fd, BLKGETDISKSEQ);
		cmd(fd, BLKBSZGET, &n);
		if (!configure(fd, file, LO_FLAGS_PARTSCAN, 0, 0))
			cmd(fd, LOOP_CLR_FD, NULL);
		cmd(fd, BLKRRPART, NULL);
		close(fd);
	}
	if (!other)
		_exit(0);
	while (!waitpid(other, &status, WNOHANG)) {
		cmd(control, LOOP_CTL_ADD, (void *)NUMBER);
		cmd(control, LOOP_CTL_REMOVE, (void *)NUMBER);
	}
	check(status, 0, "the other");
	cmd(control, LOOP_CTL_REMOVE, (void *)NUMBER);
	unlink("going");
	end();
}

/* What others do with the file's flags, and hold of the device, does not move the bytes. */
static void shared_file(void)
{
	uint64_t range[2] = { 4096, 4096 };
	int memory = memfd_create("disk", 0), fd = device(O_RDWR), holder;

	begin("ioctl: a device behind which is a memfd; BLKZEROOUT of another's");
	check(ftruncate(memory, 65536), 0, "its size");
	check(configure(fd, memory, 0, 0, 0), 0, "LOOP_CONFIGURE");
	check(sys(fcntl, memory, F_SETFL, O_APPEND), 0, "O_APPEND");
	check(sys(pwrite64, fd, "here", 4, 4096), 4, "write");
	check(sys(fsync, fd), 0, "fsync");
	check(sys(pread64, memory, buf, 4, 4096), 4, "read");
	expect(!memcmp(buf, "here", 4), "at its place");
	check(lseek(memory, 0, SEEK_END), 65536, "no longer than before");
	holder = device(O_RDONLY | O_EXCL);
	check(sys(pwrite64, fd, "dirty", 5, 8192), 5, "write");
	check(cmd(fd, BLKZEROOUT, range), 0, "BLKZEROOUT");
	check(sys(pread64, fd, buf, 4, 4096), 4, "read");
	expect(!memcmp(buf, "\0\0\0\0", 4), "zeros");
	check(sys(pread64, fd, buf, 5, 8192), 5, "read");
	expect(!memcmp(buf, "dirty", 5), "the rest");
	close(holder);
	free_device(fd);
	close(memory);
	end();
}

int main(void)
{
	int fd;

	if (chdir("/tmp"))
		return bail_out("no /tmp");
	mount_proc();
	mknod("control", S_IFCHR | 0600, makedev(10, 237));
	control = open("control", O_RDWR);
	if (control < 0) {
		begin("ioctl: loop devices");
		skip("this kernel has none");
		end();
		return tap_done();
	}
	number = (int)cmd(control, LOOP_CTL_GET_FREE, NULL);
	snprintf(node, sizeof(node), "node%d", number);
	mknod(node, S_IFBLK | 0600, makedev(7, number));
	file = open("disk.img", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (file < 0 || ftruncate(file, SIZE))
		return bail_out("no file");
	numbers();
	unbound();
	fd = device(O_RDWR);
	if (configure(fd, file, 0, 0, 0))
		return bail_out("no device");
	answers(fd);
	block_sizes(fd);
	reading(fd);
	mapping(fd);
	read_ahead(fd);
	direct();
	alone(fd);
	read_only(fd);
	discarding(fd);
	settings(fd);
	partitions(fd);
	free_device(fd);
	scanning();
	clearing();
	stacked();
	chained();
	going();
	shared_file();
	unlink(node);
	unlink("control");
	unlink("disk.img");
	return tap_done();
}
