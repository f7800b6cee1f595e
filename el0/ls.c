/*
 * ls.c - ls [-l] [PATH...]: names in order, one a line; with -l also type, mode, links, owner,
 * size.
 */
#include <stdbool.h>

#include "abi/dirent.h"
#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

struct names {
	char **v;
	size_t n, cap;
};

static bool names_add(struct names *l, const char *name)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;
		char **v = realloc(l->v, cap * sizeof(*v));

		if (!v)
			return false;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = strdup(name);
	return l->v[l->n++] != NULL;
}

/* insertion sort: directories here are small */
static void names_sort(struct names *l)
{
	for (size_t i = 1; i < l->n; i++) {
		char *name = l->v[i];
		size_t j = i;

		for (; j && strcmp(l->v[j - 1], name) > 0; j--)
			l->v[j] = l->v[j - 1];
		l->v[j] = name;
	}
}

static void mode_text(uint32_t mode, char text[11])
{
	static const char types[] = "?pc?d?b?-?l?s???";

	text[0] = types[(mode & S_IFMT) >> 12];
	for (int i = 0; i < 9; i++)
		text[1 + i] = mode & (0400U >> i) ? "rwx"[i % 3] : '-';
	text[10] = '\0';
}

static int show(int dir, const char *name, bool details)
{
	char mode[11], target[256];
	struct stat st;
	long n;

	if (!details)
		return puts(name) < 0;
	n = svc_newfstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
	if (n < 0) {
		dprintf(2, "ls: %s: %s\n", name, strerror(n));
		return 1;
	}
	mode_text(st.st_mode, mode);
	printf("%s %3u %4u %4u ", mode, st.st_nlink, st.st_uid, st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		printf("%4u,%4u", dev_major(st.st_rdev), dev_minor(st.st_rdev));
	else
		printf("%9ld", st.st_size);
	n = S_ISLNK(st.st_mode) ? svc_readlinkat(dir, name, target, sizeof(target)) : -1;
	printf(n < 0 ? " %s\n" : " %s -> %.*s\n", name, (int)n, target);
	return 0;
}

static long read_names(int fd, struct names *l)
{
	static char buf[4096] __attribute__((aligned(8)));
	long n;

	while ((n = svc_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buf + at);

			if (d->d_name[0] != '.' && !names_add(l, d->d_name))
				return -ENOMEM;
			at += d->d_reclen;
		}
	}
	names_sort(l);
	return n;
}

static int list(const char *path, bool details)
{
	struct names names = { 0 };
	int failed = 0, fd;
	struct stat st;
	long err = svc_newfstatat(AT_FDCWD, path, &st, 0);

	if (err == 0 && !S_ISDIR(st.st_mode))
		return show(AT_FDCWD, path, details);
	fd = open(path, O_RDONLY | O_DIRECTORY, 0);
	err = fd < 0 ? fd : read_names(fd, &names);
	if (err < 0) {
		dprintf(2, "ls: %s: %s\n", path, strerror(err));
		return 1;
	}
	for (size_t i = 0; i < names.n; i++)
		failed |= show(fd, names.v[i], details);
	svc_close(fd);
	return failed;
}

int main(int argc, char **argv)
{
	bool details = argc > 1 && strcmp(argv[1], "-l") == 0;
	int first = details ? 2 : 1, failed = 0;

	if (first == argc)
		return list(".", details);
	for (int i = first; i < argc; i++) {
		if (argc - first > 1)
			printf("%s:\n", argv[i]);
		failed |= list(argv[i], details);
	}
	return failed;
}
