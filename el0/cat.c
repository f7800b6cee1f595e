/*
 * cat.c - cat [FILE...]: files, or standard input, to standard output.
 */
#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

/* 0, or 1 with the reason said */
static int copy(int fd, const char *name)
{
	static char buf[16384];
	long n;

	while ((n = svc_read(fd, buf, sizeof(buf))) > 0)
		if (write_all(1, buf, (size_t)n))
			return 1;
	if (n < 0)
		dprintf(2, "cat: %s: %s\n", name, strerror(n));
	return n < 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2 ? copy(0, "standard input") : 0;

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY, 0);

		if (fd < 0) {
			dprintf(2, "cat: %s: %s\n", argv[i], strerror(fd));
			failed = 1;
			continue;
		}
		failed |= copy(fd, argv[i]);
		svc_close(fd);
	}
	return failed;
}
