/*
 * cpio.h - a reader of cpio archives in the "new ASCII" format, as initramfs takes them.
 *
 * Magic 070701, and 070702 whose checksums are verified.  Archives may follow each other with zeros between
 * them.  Hostile until checked: every length is, before anything behind it is read; nothing is copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

#define CPIO_HEADER   110	   /* bytes of an entry's header */
#define CPIO_TRAILER  "TRAILER!!!" /* the name of the entry that ends an archive */
#define CPIO_NAME_MAX 4096	   /* with the NUL, and so for a symbolic link's target */

struct cpio {
	const uint8_t *base;
	size_t size;
	size_t pos;	   /* of the next header, or of what follows the last archive */
	uint32_t archive;  /* how many have begun */
	bool inside;	   /* one has begun and not ended */
	const char *error; /* what is wrong, in words ... */
	size_t error_at;   /* ... and at which offset */
};

struct cpio_entry {
	const char *
		name; /* terminated; as the archive has it: may begin with "/" or "./", hold ".." */
	size_t name_len;
	uint32_t archive; /* 1, 2 ...: in which of several archives it is */
	uint32_t dev_major,
		dev_minor; /* these, ino and archive: which entries are one file, if nlink > 1 */
	uint32_t ino;
	uint32_t mode; /* type and permissions, as st_mode */
	uint32_t uid, gid;
	uint32_t nlink;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t rdev_major, rdev_minor;
	bool summed;	  /* magic 070702: a regular file's data, if there are any, add up to ... */
	uint32_t check;	  /* ... this */
	const void *data; /* a file's contents, a symbolic link's target (not terminated) */
	size_t size;
	size_t offset; /* of the header in the span, for messages */
};

/** cpio_open - read the archives in @size bytes at @base, which stay the caller's */
void cpio_open(struct cpio *c, const void *base, size_t size);

/**
 * cpio_next - the next entry; TRAILER!!! and padding are passed over
 *
 * 1 and an entry; 0 behind the last archive: c->pos is c->size, or the place of something that does not look like
 * a cpio (a compressed archive, say: read it, move c->pos behind it, go on); or -EINVAL with c->error and
 * c->error_at set, and the same again if asked again.
 */
int cpio_next(struct cpio *c, struct cpio_entry *e) __must_check;

/**
 * cpio_header - one header alone, for a reader that gets its archive in pieces
 * @h:          CPIO_HEADER bytes
 * @e:          all but name, name_len, archive, data and offset is set
 * @name_size:  bytes of the name that follows, with its NUL: 1 .. CPIO_NAME_MAX
 *
 * 0, or -EINVAL and what is wrong in *@error.
 */
int cpio_header(const void *h, struct cpio_entry *e, uint32_t *name_size,
		const char **error) __must_check;
