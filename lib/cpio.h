/*
 * cpio.h - a reader of cpio archives in the "new ASCII" format, as initramfs takes them.
 *
 * Magic 070701, and 070702 whose checksums are verified.  Archives may follow each other with zeros
 * between them.  The bytes are pushed in, in pieces of any size, so that a compressed archive never
 * has to lie in memory as a whole; what is in them comes out through a struct cpio_sink.  Hostile
 * until checked: every length is, before anything is done with what it measures.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

#define CPIO_HEADER   110  /* bytes of an entry's header */
#define CPIO_NAME_MAX 4096 /* with the NUL, and so for a symbolic link's target */

struct cpio_entry {
	/* Not empty; as the archive has it: may begin with "/" or "./", hold "..". */
	const char *name;
	const char *target; /* of a symbolic link, not empty; else "" */
	/* These and ino: which entries of an archive are one file, if nlink > 1. */
	uint32_t dev_major, dev_minor;
	uint32_t ino;
	uint32_t mode; /* type, one of the seven that there are, and permissions, as st_mode */
	uint32_t uid, gid;
	uint32_t nlink;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t rdev_major, rdev_minor;
	uint32_t size; /* of the data */
};

/*
 * What is called with the entries.  Each returns 0, or -errno, which ends the reading.  The entry
 * and its strings live until the next call of begin.
 */
struct cpio_sink {
	int (*begin)(void *ctx, const struct cpio_entry *e);
	/* A regular file's contents, in order. */
	int (*data)(void *ctx, const void *data, size_t n);
	/* Of a regular file, its checksum right. */
	int (*end)(void *ctx, const struct cpio_entry *e);
	int (*archive_end)(void *ctx);
};

struct cpio {
	const struct cpio_sink *sink;
	void *ctx;
	uint64_t at;	   /* bytes taken; between archives the caller may set it */
	const char *error; /* what is wrong, in words ... */
	uint64_t error_at; /* ... and where: mostly where the entry's header begins */

	/* the reader's own */
	int state;
	size_t have, need; /* of what this state collects or passes over */
	uint64_t entry_at;
	struct cpio_entry entry;
	uint32_t name_size;
	uint32_t check, sum; /* of the data: what the header says (0: nothing), what it is */
	bool summed;
	uint8_t header[CPIO_HEADER];
	char name[CPIO_NAME_MAX + 4]; /* with the padding behind it */
	char target[CPIO_NAME_MAX];
};

/* cpio_open - begin; @sink and @ctx stay the caller's */
void cpio_open(struct cpio *c, const struct cpio_sink *sink, void *ctx);

/*
 * cpio_feed - the next @n bytes
 * @used:  gets how many were taken: all, but for an error, or between archives for something that
 *         is neither zeros nor an archive (a compressed one, say), which is left to the caller
 *
 * 0; -EINVAL with c->error and c->error_at; or what the sink returned, with c->error NULL.  After
 * an error the reader is good for nothing but cpio_open().
 */
int cpio_feed(struct cpio *c, const void *data, size_t n, size_t *used) __must_check;

/* cpio_between - is no archive begun and not ended? */
bool cpio_between(const struct cpio *c);

/* cpio_finish - nothing follows.  0, or -EINVAL with c->error if an archive is not at its end. */
int cpio_finish(struct cpio *c) __must_check;
