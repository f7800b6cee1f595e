/*
 * access.h - who may look into whom: what ptrace(2) calls access mode checking.
 *
 * Asking and looking are two moments, and between them a process may become a set-user-ID program.
 * So a task that looks calls look_begin first, and the process becomes no other program until
 * look_end: execve(2) holds process->program.lock while it puts the new credentials and the new
 * address space in the old ones' place (change_program).
 */
#pragma once

#include <stdbool.h>

#include "task/cred.h"

/* The program that a process runs, and when it may become another. */
struct program {
	struct mutex lock;  /* while it is held the process becomes no other program; outermost */
	uint32_t id;	    /* how many programs it has been; proc_lock */
	uint32_t parent_id; /* and its parent, when it chose end.signal; proc_lock */
	bool execed;	    /* setpgid(2) by the parent is refused after exec */
	/* the thread whose execve(2) is ending the others, or NULL; signals.lock */
	struct task *successor;
};

/*
 * By which of current's numbers: files and /proc go by those of the file system, other calls by the
 * real ones.
 */
enum access_as { ACCESS_FS, ACCESS_REAL };

/*
 * look_begin - whether current may look into @p, or @t, a thread of it: @p is current's own
 * process, or has no rights that current has not and is dumpable.  If so, it stays what it is until
 * look_end; false: nothing is held.  May sleep.
 */
bool look_begin(struct process *p, const struct task *t, enum access_as as) __must_check;
void look_end(struct process *p);

/* may_look - look_begin's question alone, for a caller that only shows more or less by it. */
bool may_look(struct process *p, const struct task *t, enum access_as as);

/*
 * mm_to_look_into - the address space of @p (of @t), with a reference, if current may read it:
 * NULL: it has none; err_ptr(-EACCES).
 */
struct mm *mm_to_look_into(struct process *p, struct task *t) __must_check;
