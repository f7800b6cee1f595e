/*
 * pid.c - handing out numbers and finding who has them.
 *
 * Invariant: a number is handed out only while nobody bears it as tid, pid, pgid or sid, so that a
 * kill(2) can't reach a stranger.  Numbers go round, so that one that was just given back is not
 * the next.
 */
#include "task/pid.h"

#include "task/sched.h"

/* After the first round, the numbers of the first processes are not given again. */
#define PID_RESERVED 300

struct spinlock proc_lock = SPINLOCK_INIT;

static struct list_node tasks[PID_BUCKETS];
struct list_node pid_processes[PID_BUCKETS], pid_groups[PID_BUCKETS], pid_sessions[PID_BUCKETS];

static pid_t last_pid;
static unsigned int nr_tasks;
static uint64_t nr_forks;

static struct list_node *bucket(struct list_node *table, pid_t n)
{
	return &table[(uint32_t)n % PID_BUCKETS];
}

void pid_init(void)
{
	for (unsigned int i = 0; i < PID_BUCKETS; i++) {
		list_init(&tasks[i]);
		list_init(&pid_processes[i]);
		list_init(&pid_groups[i]);
		list_init(&pid_sessions[i]);
	}
}

struct task *pid_find_task(pid_t tid)
{
	struct task *t;

	list_for_each(t, bucket(tasks, tid), tid_hash)
		if (t->tid == tid)
			return t;
	return NULL;
}

struct process *pid_find_process(pid_t pid)
{
	struct process *p;

	list_for_each(p, bucket(pid_processes, pid), pid_hash)
		if (p->pid == pid)
			return p;
	return NULL;
}

static bool taken(pid_t n)
{
	struct process *p;

	if (pid_find_task(n) || pid_find_process(n))
		return true;
	pid_for_each_in_group(p, n)
		return true;
	pid_for_each_in_session(p, n)
		return true;
	return false;
}

pid_t pid_alloc(void)
{
	for (int i = 0; i < PID_MAX; i++) {
		last_pid = last_pid + 1 < PID_MAX ? last_pid + 1 : PID_RESERVED;
		if (!taken(last_pid)) {
			nr_forks++;
			return last_pid;
		}
	}
	return 0;
}

void pid_add_task(struct task *t)
{
	list_add_head(bucket(tasks, t->tid), &t->tid_hash);
	nr_tasks++;
}

void pid_remove_task(struct task *t)
{
	list_del(&t->tid_hash);
	nr_tasks--;
}

void pid_add_process(struct process *p)
{
	list_add_head(bucket(pid_processes, p->pid), &p->pid_hash);
	list_add_head(bucket(pid_groups, p->pgid), &p->group_hash);
	list_add_head(bucket(pid_sessions, p->sid), &p->session_hash);
}

void pid_remove_process(struct process *p)
{
	list_del(&p->pid_hash);
	list_del(&p->group_hash);
	list_del(&p->session_hash);
}

void pid_set_group(struct process *p, pid_t pgid)
{
	list_del(&p->group_hash);
	p->pgid = pgid;
	list_add_head(bucket(pid_groups, pgid), &p->group_hash);
}

void pid_set_session(struct process *p, pid_t sid)
{
	list_del(&p->session_hash);
	p->sid = sid;
	list_add_head(bucket(pid_sessions, sid), &p->session_hash);
}

struct task *task_find(pid_t tid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct task *t = pid_find_task(tid);

	if (t)
		task_get(t);
	spin_unlock_irqrestore(&proc_lock, flags);
	return t;
}

struct process *process_find(pid_t pid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *p = pid_find_process(pid);

	if (p)
		process_get(p);
	spin_unlock_irqrestore(&proc_lock, flags);
	return p;
}

struct process *process_first(pid_t from)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *best = NULL, *p;

	pid_for_each_process(p)
		if (p->pid >= from && (!best || p->pid < best->pid))
			best = p;
	if (best)
		process_get(best);
	spin_unlock_irqrestore(&proc_lock, flags);
	return best;
}

struct task *process_thread(struct process *p, pid_t from)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct task *best = NULL, *t;

	list_for_each(t, &p->threads, thread)
		if (t->tid >= from && (!best || t->tid < best->tid))
			best = t;
	if (best)
		task_get(best);
	spin_unlock_irqrestore(&proc_lock, flags);
	return best;
}

unsigned int task_count(void)
{
	return READ_ONCE(nr_tasks);
}

uint64_t task_forks(void)
{
	return READ_ONCE(nr_forks);
}

pid_t pid_last(void)
{
	return READ_ONCE(last_pid);
}
