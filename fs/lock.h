/*
 * lock.h - advisory locks: byte ranges of fcntl(2), and whole files of flock(2).  The two don't see
 * each other.
 *
 * A lock belongs to its owner, which never waits for itself: a process's table of descriptors
 * (F_SETLK), or an open file (F_OFD_SETLK, flock).  Locks of an owner go when it closes the file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/fcntl.h"
#include "lib/util.h"

struct files;
struct file;
struct inode;

struct lock_request {
	const void *owner; /* struct files or struct file */
	int32_t pid;  /* that F_GETLK reports; -1: an open file's, which is no part of a deadlock */
	int16_t type; /* F_RDLCK, F_WRLCK, or F_UNLCK: it is given up */
	bool whole;   /* flock(2)'s; then the range is all */
	uint64_t start, end; /* bytes, both included */
};

/*
 * lock_set - take, change or give up what @rq says.  @wait: until it can be had.  May sleep.
 * Return: 0, -EAGAIN (another has it), -EDEADLK, -ENOLCK (no memory), -ERESTARTSYS.
 */
int lock_set(struct inode *inode, const struct lock_request *rq, bool wait) __must_check;

/*
 * lock_test - what stands in the way of @rq: into *@rq, or type F_UNLCK there when nothing does.
 * May sleep.
 */
void lock_test(struct inode *inode, struct lock_request *rq);

/* locks_drop - @owner has closed @inode.  May sleep.  locks_free - @inode itself goes. */
void locks_drop(struct inode *inode, const void *owner);
void locks_free(struct inode *inode);
