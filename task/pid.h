/*
 * pid.h - the numbers by which tasks, processes, groups and sessions are known, and walks through
 * many processes.  proc_lock is held by every caller, but where it is said otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "lib/list.h"

struct process;
struct task;

typedef int32_t pid_t;

extern struct spinlock proc_lock;

/* pid 1: orphans go to it, and it must not end. */
extern struct process *init_process;

#define PID_MAX 32768

/*
 * pid_alloc - a number that no task, process, group or session has; 0: all are taken, or all but
 * @left, which are kept for root.
 */
pid_t pid_alloc(unsigned int left);

/*
 * Into the table and out of it, by t->tid; the task of that number, without a reference, or NULL.
 */
void pid_add_task(struct task *t);
void pid_remove_task(struct task *t);
struct task *pid_find_task(pid_t tid);
/*
 * pid_next_thread - the thread of @p with the smallest tid >= @from, without a reference, or NULL.
 */
struct task *pid_next_thread(const struct process *p, pid_t from);

/*
 * The same for processes, by p->pid. Into @p->group too, which is current's, and there next to
 * current: see below.
 */
void pid_add_process(struct process *p);
void pid_remove_process(struct process *p);
struct process *pid_find_process(pid_t pid);

/* ---- groups ---- */

/*
 * Where a process is in a list that is walked a few at a time; or where a walk is, which is
 * nobody's place: NULL.
 */
struct walk_place {
	struct list_node link;
	struct process *process;
};

/* A session: there is one as long as there are groups in it. */
struct pid_session {
	pid_t sid;
	uint32_t groups;
	struct list_node hash;
};

/*
 * A process group: it is in the table as long as there are processes in it, and in memory as long
 * as a walk goes through it.
 */
struct pid_group {
	pid_t pgid;
	uint32_t nr; /* processes */
	struct pid_session *session;
	struct list_node hash;
	struct list_node members; /* places */
	uint64_t to_send; /* signals that it still has to be sent: task/signal.c, as the next */
	struct list_node sending;
};

/* Which one a process is in; proc_lock. */
struct job {
	pid_t pgid, sid;
	struct pid_group *group; /* pgid's */
	struct walk_place member;
};

/* pid_find_group - the group of that number, which has a member, or NULL. */
struct pid_group *pid_find_group(pid_t pgid);

/*
 * What setpgid(2) and setsid(2) may need, made before proc_lock is taken.  pid_spare_init - false:
 * no memory.  pid_spare_end - what was not used goes.  Both without proc_lock.
 */
struct pid_spare {
	struct pid_group *group;
	struct pid_session *session; /* NULL for setpgid(2) */
};
bool pid_spare_init(struct pid_spare *spare, bool session) __must_check;
void pid_spare_end(struct pid_spare *spare);

/*
 * pid_set_group - setpgid(2): @p goes to group @pgid of its session, which is made of @spare if it
 * is not there.
 * pid_set_session - setsid(2): to a group and a session with its own number.
 */
void pid_set_group(struct process *p, pid_t pgid, struct pid_spare *spare);
void pid_set_session(struct process *p, struct pid_spare *spare);

/* ---- walks ---- */

/*
 * A walk through the members of a group, or through all processes, of which there may be thousands:
 *
 * 	pid_walk_begin(&w, pgid);		or PID_ALL; proc_lock is not held
 * 	while ((p = pid_walk_next(&w)))
 * 		...				proc_lock is held
 * 	pid_walk_end(&w);			it is not
 *
 * Every so many steps pid_walk_next drops the lock and gives way.  It visits every process that is
 * there all the time. A child is put next to its parent, so the walk has still to come to it if it
 * has still to come to the parent: when each process that is visited is kept from forking, no child
 * is left out.  The walk is bounded even so: where processes are made faster than it goes on, the
 * last of them are left out. A signal that ends current ends the walk, but for one with @to_end set
 * after pid_walk_begin.
 */
#define PID_ALL (-1)
struct pid_walk {
	struct walk_place here;
	struct list_node *head;
	struct pid_group *group; /* NULL: all, or none is there */
	unsigned long flags;
	uint32_t steps, left; /* until it gives way; in all */
	bool to_end;
};
void pid_walk_begin(struct pid_walk *w, pid_t pgid);
struct process *pid_walk_next(struct pid_walk *w);
void pid_walk_end(struct pid_walk *w);

/*
 * pid_walk_of - begin one through @g, proc_lock held, *@flags being what to restore when the walk
 * drops it.
 */
void pid_walk_of(struct pid_walk *w, struct pid_group *g, unsigned long flags);

/*
 * pid_walk_pause - where proc_lock is held, drop it and give way; pid_walk_resume - take it again. 
 * For what is long with one process.
 */
void pid_walk_pause(struct pid_walk *w);
void pid_walk_resume(struct pid_walk *w);

/* place_init - @p's, in no list. */
static inline void place_init(struct walk_place *at, struct process *p)
{
	list_init(&at->link);
	at->process = p;
}

/*
 * place_step - @here, a walk's place in the list @head, goes behind the next one, which is
 * returned; NULL: there is none.
 */
struct walk_place *place_step(struct list_node *head, struct walk_place *here);

/* ---- for others: proc_lock is theirs ---- */

/*
 * task_find - the task with this tid, with a reference for the caller, or NULL.  task_find_or_self
 * likewise, and 0 is current.  process_find likewise, by pid.
 */
struct task *task_find(pid_t tid);
struct task *task_find_or_self(pid_t tid);
struct process *process_find(pid_t pid);

/* process_first - the live process with the smallest pid >= @from, with a reference, or NULL: for
 * walks through all. */
struct process *process_first(pid_t from);

/* process_thread - the thread of @p with the smallest tid >= @from, with a reference, or NULL. */
struct task *process_thread(struct process *p, pid_t from);

/* Written under proc_lock; others may read each word. */
extern struct pid_counts {
	unsigned int tasks; /* that there are (sysinfo(2)) */
	pid_t last;	    /* the number given out last */
	uint64_t forks;	    /* how many tasks there ever were */
} pid_counts;

/* tasks_max - how many there may be. */
uint64_t tasks_max(void);

void pid_init(void);
