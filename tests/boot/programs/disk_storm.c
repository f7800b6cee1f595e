/*
 * disk_storm.c - several processes do anything to loop devices, their partitions and a disk, with
 * good and bad arguments: nothing of it may stop the kernel.
 *
 *	disk_storm PROCESSES STEPS SEED
 *
 * Ends with "storm: done" when all of them have; then every loop device can be freed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define FILES	      32
#define MIB	      (1u << 20)

static const char *const names[] = {
	"behind",	"/dev/loop0",	"/dev/loop1", "/dev/loop2",    "/dev/loop3",
	"/dev/loop0p1", "/dev/loop1p1", "/dev/vda",   "/proc/version", "/sys/kernel/address_bits",
	"/dev/null",	"/tmp",
};

static const unsigned int commands[] = {
	BLKROSET,	   BLKROGET,	       BLKRRPART,
	BLKGETSIZE,	   BLKFLSBUF,	       BLKRASET,
	BLKRAGET,	   BLKSSZGET,	       BLKPG,
	BLKBSZGET,	   BLKBSZSET,	       BLKGETSIZE64,
	BLKDISCARD,	   BLKZEROOUT,	       HDIO_GETGEO,
	LOOP_SET_FD,	   LOOP_CONFIGURE,     LOOP_CONFIGURE,
	LOOP_CONFIGURE,	   LOOP_CLR_FD,	       LOOP_CLR_FD,
	LOOP_SET_STATUS64, LOOP_GET_STATUS64,  LOOP_SET_CAPACITY,
	LOOP_CHANGE_FD,	   LOOP_SET_DIRECT_IO, LOOP_SET_BLOCK_SIZE,
};

static uint64_t rng;
static char *buf; /* 128 KiB */
static int fds[FILES];
static unsigned int nr_fds;

static unsigned int below(unsigned int n)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(rng >> 33) % n;
}

/* One in @n times something that fits nowhere, else @x. */
static uint64_t or_wild(unsigned int n, uint64_t x)
{
	return below(n) ? x : rng;
}

static int any_fd(void)
{
	return fds[below(nr_fds)];
}

static void open_any(void)
{
	int flags = (int)below(3) | (below(4) ? 0 : O_DIRECT) | (below(6) ? 0 : O_EXCL);
	int fd = open(names[below(ARRAY_SIZE(names))], flags | O_CLOEXEC);

	if (fd >= 0)
		fds[nr_fds++] = fd;
}

static void close_any(void)
{
	unsigned int i = below(nr_fds);

	close(fds[i]);
	fds[i] = fds[--nr_fds];
}

/* What the command carries, in buf; or the number that it takes. */
static void *make_argument(unsigned int cmd)
{
	struct loop_config *c = (void *)buf;
	struct loop_info64 *info = cmd == LOOP_CONFIGURE ? &c->info : (void *)buf;
	struct blkpg_ioctl_arg *pg = (void *)buf;
	struct blkpg_partition *part = (void *)(buf + 4096);
	uint64_t *range = (void *)buf;

	memset(buf, 0, 512);
	switch (cmd) {
	case LOOP_CONFIGURE:
		c->fd = (uint32_t)or_wild(20, (uint64_t)any_fd());
		c->block_size = below(3) ? 0 : 512u << below(5);
		/* fall through */
	case LOOP_SET_STATUS64:
		info->lo_flags = below(32);
		info->lo_offset = below(3) ? 0 : or_wild(8, below(MIB));
		info->lo_sizelimit = below(3) ? 0 : or_wild(8, below(2 * MIB));
		break;
	case BLKPG:
		*part = (struct blkpg_partition){ .start = (long long)below(8) << 19,
						  .length = (long long)below(4) << 19,
						  .pno = (int)below(4) };
		pg->op = (int)below(5);
		pg->data = (void *)or_wild(10, (uintptr_t)part);
		break;
	case BLKDISCARD:
	case BLKZEROOUT:
		range[0] = or_wild(4, below(4096) * 512u);
		range[1] = or_wild(4, below(2048) * 512u);
		break;
	case BLKROSET: *(int *)buf = !below(8); break;
	case BLKBSZSET: *(int *)buf = 256 << below(6); break;
	case LOOP_SET_FD:
	case LOOP_CHANGE_FD: return (void *)(long)any_fd();
	case LOOP_SET_DIRECT_IO: return (void *)(long)below(2);
	case LOOP_SET_BLOCK_SIZE: return (void *)(long)(512u << below(4));
	default: break;
	}
	return buf;
}

static void command_any(void)
{
	unsigned int cmd = commands[below(ARRAY_SIZE(commands))];
	uint64_t arg = (uint64_t)(uintptr_t)make_argument(cmd);

	(void)ioctl(any_fd(), cmd, or_wild(50, arg));
}

static void move_any(void)
{
	size_t n = below(1u << 16), at = below(4 * MIB);

	if (below(2)) {
		n &= ~511ul;
		at &= ~511ul;
	}
	if ((below(2) ? pread(any_fd(), buf, n, (off_t)at) : pwrite(any_fd(), buf, n, (off_t)at)) <
	    0)
		return;
	if (!below(4))
		(void)fsync(any_fd());
}

/* A mapping is written by a child, which may die of SIGBUS. */
static void map_any(void)
{
	char *p = mmap(NULL, 1u << 16, PROT_READ | PROT_WRITE, MAP_SHARED, any_fd(),
		       below(40) * 4096l);

	if (p == MAP_FAILED)
		return;
	if (!fork()) {
		for (int i = 0; i < 16; i++)
			p[i * 4096] = (char)i;
		_exit(0);
	}
	wait(NULL);
	munmap(p, 1u << 16);
}

static void control_any(void)
{
	static const unsigned int of_control[] = { LOOP_CTL_ADD, LOOP_CTL_REMOVE,
						   LOOP_CTL_GET_FREE };
	int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	(void)ioctl(fd, of_control[below(3)], (long)below(8));
	close(fd);
	if (!below(20))
		(void)!truncate("behind", (off_t)(1 + below(6)) << 19);
	fd = open(below(2) ? "/sys/block/loop0/loop/backing_file" : "/proc/diskstats", O_RDONLY);
	(void)!read(fd, buf, 4096);
	close(fd);
}

static void storm(unsigned int steps)
{
	while (steps--) {
		unsigned int what = below(14);

		if (nr_fds < 8 || (!what && nr_fds < FILES))
			open_any();
		else if (what == 1)
			close_any();
		else if (what < 8)
			command_any();
		else if (what < 12)
			move_any();
		else if (what == 12)
			map_any();
		else
			control_any();
	}
}

/* A file with one partition in its table. */
static void make_file(void)
{
	static const unsigned char entry[16] = {
		0, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0
	};
	int fd = open("behind", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (ftruncate(fd, 3 * MIB) || pwrite(fd, entry, 16, 446) != 16 ||
	    pwrite(fd, "\x55\xaa", 2, 510) != 2)
		exit(1);
	close(fd);
	close(open("/dev/loop-control", O_RDWR));
}

int main(int argc, char **argv)
{
	unsigned int processes = argc > 3 ? (unsigned int)atoi(argv[1]) : 1;

	if (argc < 4 || chdir("/tmp"))
		return 1;
	make_file();
	for (unsigned int i = 0; i < processes; i++)
		if (!fork()) {
			rng = i * 7919u + (unsigned int)atoi(argv[3]);
			buf = mmap(NULL, 1u << 17, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			storm((unsigned int)atoi(argv[2]));
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	puts("storm: done");
	return 0;
}
