/*
 * pid.c - /proc/PID and /proc/PID/task/TID: what a process or a thread is.
 *
 * All that one text shows of it is collected first, under the locks it needs (collect), and then
 * written. A process whose threads have all ended is shown until it is waited for; a thread only
 * until it ends.
 */
#include "fs/proc/pid.h"

#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/proc/asleep.h"
#include "fs/proc/fd.h"
#include "fs/proc/mem.h"
#include "fs/tty/job.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "lib/time.h"
#include "mm/vmstat.h"
#include "task/cap.h"
#include "task/cores.h"
#include "task/signal_queue.h"
#include "trace/events.h"

#define PF_FORKNOEXEC 0x40u
#define PF_RANDOMIZE  0x400000u

/* What a process, or one thread, is at this moment. */
struct status {
	pid_t pid, tgid, ppid, pgid, sid;
	char comm[16], state;
	uint32_t threads;
	const struct cred *cred; /* with a reference */
	struct cpu_time time;
	struct task_usage waited;
	uint64_t guest_ns;
	uint64_t faults, start_ns;
	uint64_t pending, shared, blocked, ignored, caught;
	uint64_t queued; /* signals, of the user */
	uint64_t voluntary, involuntary, cpu_mask;
	uint32_t cpu;
	int nice, exit_signal, exit_code;
	uint8_t policy, rt_priority;
	bool execed;
};

static char state_of(const struct task *t)
{
	/* One load: the task may be falling asleep or waking. */
	uint32_t state = READ_ONCE(t->state);

	if (state == TASK_RUNNING)
		return 'R';
	if (state & TASK_STOPPED)
		return 'T';
	return state & TASK_SLEEPING ? 'S' : 'D';
}

static void collect_signals(struct status *s, struct process *p, struct task *t)
{
	/* All sets of one moment: a signal is pending or taken, never both or neither. */
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	s->shared = p->signals.shared.set;
	s->pending = t ? signal_own_set(t) : 0;
	s->blocked = t ? t->signals.blocked : 0;
	for (int i = 0; i < _NSIG; i++) {
		uint64_t handler = p->signals.actions->of[i].sa_handler;

		if (handler == SIG_HANDLER_IGN)
			s->ignored |= BIT(i);
		else if (handler)
			s->caught |= BIT(i);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

/* @t: the thread, or of a process any; NULL: it is a zombie. */
static void collect_process(struct status *s, struct process *p, struct task *t)
{
	/*
	 * proc_lock: family, group and the end of a process change under it; the leader's name is
	 * copied from the task as long as that is there.
	 */
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	s->ppid = p->family.ppid;
	s->pgid = p->job.pgid;
	s->sid = p->job.sid;
	s->threads = p->nr_threads;
	s->waited = p->usage.waited;
	s->exit_signal = p->end.signal;
	s->exit_code = p->end.zombie ? p->end.code : 0;
	if (!t || t->gone) {
		s->state = 'Z';
		memcpy(s->comm, p->comm, sizeof(s->comm));
	} else {
		s->state = state_of(t);
		memcpy(s->comm, t->comm, sizeof(s->comm));
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	s->comm[sizeof(s->comm) - 1] = '\0';
}

static void collect(struct status *s, const struct proc_node *n)
{
	struct process *p = n->process;
	struct task *t = proc_task(n);

	*s = (struct status){ .tgid = p->pid, .start_ns = p->start_ns };
	s->pid = n->task ? n->task->tid : p->pid;
	/*
	 * One set of credentials, whole, with its own reference: the thread may put another in its
	 * place.
	 */
	s->cred = cred_at(n->task ? &n->task->cred : &p->cred);
	s->queued = user_count(s->cred->user, USER_SIGNALS);
	collect_process(s, p, t);
	collect_signals(s, p, t);
	/* Without proc_lock, which process_time takes itself. */
	s->time = n->task ? cpu_time_read(&n->task->time) : process_time(p);
	s->guest_ns = n->task ? READ_ONCE(n->task->guest_ns) : process_guest_ns(p);
	s->faults = n->task ? READ_ONCE(n->task->faults) : process_faults(p);
	s->execed = p->program.execed;
	if (t) {
		s->voluntary = READ_ONCE(t->voluntary);
		s->involuntary = READ_ONCE(t->involuntary);
		s->cpu_mask = READ_ONCE(t->sched.cpu_mask) & cores_online();
		s->cpu = READ_ONCE(t->cpu);
		s->nice = t->sched.nice;
		s->policy = t->sched.policy;
		s->rt_priority = t->sched.rt_priority;
		task_put(t);
	}
}

static void status_put(struct status *s)
{
	cred_put(s->cred);
}

/* ---- stat ---- */

static uint64_t ticks(uint64_t ns)
{
	return ns / NS_PER_TICK;
}

/* What stat says of the address space; addresses only for a caller that may look. */
struct places {
	uint64_t size, rss, code, code_end, stack, data, data_end, brk, arg, arg_end, env, env_end;
};

/* The program's segments: of its mappings the one to be executed, and the one to be written. */
static void find_segments(struct places *m, struct mm *mm)
{
	struct vma_info v;

	for (uintptr_t at = 0; mm_next_vma(mm, at, VMA_FILE, &v); at = v.end) {
		/* exe_file is set once, before the address space has users, and compared only. */
		bool own = v.file && v.file == mm->exe_file;

		if (own && v.flags & VM_EXEC && !m->code) {
			m->code = v.start;
			m->code_end = v.end;
		} else if (own && v.flags & VM_WRITE && !m->data) {
			m->data = v.start;
			m->data_end = v.end;
		}
		/* mm_next_vma's reference: the mapping may be gone already. */
		if (v.file)
			held_put(v.file);
		if (m->code && m->data)
			break;
	}
}

static void collect_places(struct places *m, const struct proc_node *n, bool all)
{
	struct mm *mm = process_mm(n->process, n->task);
	struct mm_stat st;

	*m = (struct places){ .size = 0 };
	if (!mm)
		return;
	/*
	 * Then the addresses, which execve(2) has set and prctl(2) may change one by one: each is
	 * right by itself.
	 */
	mm_stat(mm, &st);
	m->size = (uint64_t)st.total << PAGE_SHIFT;
	m->rss = st.rss;
	m->code = m->code_end = 1; /* as Linux, where the address is not shown */
	if (all) {
		m->code = m->code_end = 0;
		find_segments(m, mm);
		m->stack = mm->start_stack;
		m->brk = mm->brk_start;
		m->arg = mm->arg_start;
		m->arg_end = mm->arg_end;
		m->env = mm->env_start;
		m->env_end = mm->env_end;
	}
	mm_put(mm);
}

static int show_pid_stat(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	/*
	 * From here to look_end the process does not become another program: the permission was
	 * checked for the program that is shown.
	 */
	bool all = look_begin(n->process, n->task, ACCESS_FS);
	uint32_t tty = 0, flags;
	int32_t front = -1;
	struct places m;
	struct status s;

	collect(&s, n);
	collect_places(&m, n, all);
	if (all)
		look_end(n->process);
	tty_of(s.sid, &tty, &front);
	flags = PF_RANDOMIZE | (s.execed ? 0 : PF_FORKNOEXEC);
	proc_printf(t, "%d (%s) %c %d %d %d %u %d %u ", s.pid, s.comm, s.state, s.ppid, s.pgid,
		    s.sid, tty, front, flags);
	proc_printf(t, "%lu %lu 0 0 %lu %lu %lu %lu %d %d %u 0 %lu ", s.faults, s.waited.faults,
		    ticks(s.time.user_ns), ticks(s.time.kernel_ns), ticks(s.waited.time.user_ns),
		    ticks(s.waited.time.kernel_ns),
		    s.rt_priority ? -1 - s.rt_priority : 20 + s.nice, s.nice, s.threads,
		    ticks(s.start_ns));
	proc_printf(t, "%lu %lu %lu %lu %lu %lu 0 0 ", m.size, m.rss,
		    n->process->rlimit[RLIMIT_RSS].rlim_cur, m.code, m.code_end, m.stack);
	proc_printf(t, "%lu %lu %lu %lu %d 0 0 %d %u %u %u 0 %lu %lu ", (s.pending & INT32_MAX),
		    (s.blocked & INT32_MAX), (s.ignored & INT32_MAX), (s.caught & INT32_MAX),
		    s.state != 'R' && all, n->task ? -1 : s.exit_signal, s.cpu, s.rt_priority,
		    s.policy, ticks(s.guest_ns), ticks(s.waited.guest_ns));
	proc_printf(t, "%lu %lu %lu %lu %lu %lu %lu %d\n", m.data, m.data_end, m.brk, m.arg,
		    m.arg_end, m.env, m.env_end, all ? s.exit_code : 0);
	status_put(&s);
	return 0;
}

/* ---- status ---- */

static const char *state_name(char state)
{
	switch (state) {
	case 'R': return "R (running)";
	case 'S': return "S (sleeping)";
	case 'D': return "D (disk sleep)";
	case 'T': return "T (stopped)";
	default: return "Z (zombie)";
	}
}

static void put_ids(struct proc_text *t, const struct proc_node *n, const struct status *s)
{
	struct task *task = proc_task(n);
	int mask = task ? task_umask(task) : -1;
	const struct cred *c = s->cred;

	proc_puts(t, "Name:\t");
	proc_put_escaped(t, s->comm, "\n\\");
	proc_puts(t, "\n");
	if (mask >= 0)
		proc_printf(t, "Umask:\t%#04o\n", (unsigned int)mask);
	proc_printf(t, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    state_name(s->state), s->tgid, s->pid, s->ppid);
	proc_printf(t, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", c->uid,
		    c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid,
		    task ? task_fds(task) : 0);
	/* The list never changes, and s->cred holds it; there may be 65536 of them. */
	for (uint32_t i = 0; c->groups && i < c->groups->n && !t->full; i++) {
		proc_printf(t, "%s%u", i ? " " : "", c->groups->gid[i]);
		give_way();
	}
	proc_printf(t, " \nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n",
		    s->tgid, s->pid, s->pgid, s->sid);
	if (task)
		task_put(task);
}

static void put_sizes(struct proc_text *t, const struct proc_node *n)
{
	/* A kernel task or a zombie has none: then Linux leaves these lines out too. */
	struct mm *mm = process_mm(n->process, n->task);
	struct mm_stat st;

	if (!mm)
		return;
	mm_stat(mm, &st);
	mm_put(mm);
	proc_printf(t, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\n", KIB(st.peak_total), KIB(st.total));
	proc_printf(t, "VmLck:\t%8lu kB\nVmPin:\t%8lu kB\n", KIB(st.locked), 0UL);
	proc_printf(t, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n", KIB(st.peak_rss), KIB(st.rss));
	proc_printf(t, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nRssShmem:\t%8lu kB\n", KIB(st.anon),
		    0UL, KIB(st.file)); /* all files are in RAM: Linux counts tmpfs as Shmem */
	proc_printf(t, "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t%8lu kB\n",
		    KIB(st.data), KIB(st.stack), KIB(st.text), 0UL);
	proc_printf(t, "VmPTE:\t%8lu kB\nVmSwap:\t%8lu kB\nHugetlbPages:\t%8lu kB\n",
		    KIB(st.tables), KIB(st.swap), 0UL);
	proc_puts(t, "CoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffff\n");
}

/* A mask of cores as "0-3,5". */
static void put_cpu_list(struct proc_text *t, uint64_t mask)
{
	const char *comma = "";

	for (unsigned int i = 0; i < 64; i++) {
		unsigned int last = i;

		if (!(mask & BIT(i)))
			continue;
		while (last < 63 && mask & BIT(last + 1))
			last++;
		if (last > i)
			proc_printf(t, "%s%u-%u", comma, i, last);
		else
			proc_printf(t, "%s%u", comma, i);
		comma = ",";
		i = last;
	}
}

static void put_rights(struct proc_text *t, const struct status *s)
{
	const struct caps *k = &s->cred->cap;

	proc_printf(t, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\n", k->inheritable,
		    k->permitted, k->effective);
	proc_printf(t, "CapBnd:\t%016lx\nCapAmb:\t%016lx\nNoNewPrivs:\t%d\n", k->bounding,
		    k->ambient, s->cred->no_new_privs);
	proc_puts(t, "Seccomp:\t0\nSeccomp_filters:\t0\n");
	proc_puts(t, "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunknown\n");
}

static int show_status(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct status s;

	collect(&s, n);
	put_ids(t, n, &s);
	put_sizes(t, n);
	proc_printf(t, "Threads:\t%u\nSigQ:\t%lu/%lu\n", s.threads, s.queued,
		    n->process->rlimit[RLIMIT_SIGPENDING].rlim_cur);
	proc_printf(t, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", s.pending, s.shared,
		    s.blocked);
	proc_printf(t, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", s.ignored, s.caught);
	put_rights(t, &s);
	proc_printf(t, "Cpus_allowed:\t%0*lx\nCpus_allowed_list:\t", (int)(cores_count() + 3) / 4,
		    s.cpu_mask);
	put_cpu_list(t, s.cpu_mask);
	proc_puts(t, "\nMems_allowed:\t0001\nMems_allowed_list:\t0\n");
	proc_printf(t, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		    s.voluntary, s.involuntary);
	status_put(&s);
	return 0;
}

/* ---- small ones ---- */

static int show_comm(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct status s;

	collect(&s, n);
	status_put(&s);
	proc_printf(t, "%s\n", s.comm);
	return 0;
}

static int write_comm(const struct proc_node *n, char *text, size_t len)
{
	struct task *t;
	char comm[16] = "";

	if (n->process != current->process)
		return -EINVAL;
	t = proc_task(n);
	if (!t)
		return -ESRCH;
	strlcpy(comm, text, sizeof(comm));
	/*
	 * In place, without a lock: a reader may see a part of each name, always with a NUL at the
	 * end.
	 */
	memcpy(t->comm, comm, sizeof(comm));
	trace_task_name(t->tid, comm);
	task_put(t);
	return 0;
}

static void put_limit(struct proc_text *t, uint64_t limit)
{
	if (limit == RLIM64_INFINITY)
		proc_printf(t, "%-20s ", "unlimited");
	else
		proc_printf(t, "%-20lu ", limit);
}

static int show_limits(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	static const char *const names[RLIM_NLIMITS][2] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};

	proc_printf(t, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		/* Without proc_lock: soft and hard may be of two moments. */
		struct rlimit64 r = n->process->rlimit[i];

		proc_printf(t, "%-25s ", names[i][0]);
		put_limit(t, r.rlim_cur);
		put_limit(t, r.rlim_max);
		proc_printf(t, *names[i][1] ? "%-10s\n" : "%s\n", names[i][1]);
	}
	return 0;
}

/* Of this thread alone, as on Linux; of a zombie only the time that it ran is left. */
static int show_schedstat(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct task *task = proc_task(n);
	struct sched_figures f = { .ran_ns = 0 };

	if (task) {
		f = sched_figures(task);
		task_put(task);
	} else if (!n->task) {
		f.ran_ns = process_runtime_ns(n->process);
	}
	proc_printf(t, "%lu %lu %lu\n", f.ran_ns, f.waited_ns, f.runs);
	return 0;
}

PROC_SHOW(show_oom_score, "%d\n", oom_score(n->process))

PROC_SHOW(show_oom_score_adj, "%d\n", READ_ONCE(n->process->oom.score_adj))

/* A decimal number with a sign, white space around it. */
static int take_signed(char *text, size_t len, int64_t *v)
{
	uint64_t n;
	bool minus;
	int err;

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	while (len && (*text == ' ' || *text == '\n')) {
		text++;
		len--;
	}
	minus = len && *text == '-';
	err = parse_whole_u64(text + minus, len - minus, 0, &n);
	if (err || n > INT32_MAX)
		return -EINVAL;
	*v = minus ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int write_oom_score_adj(const struct proc_node *n, char *text, size_t len)
{
	struct process *p = n->process;
	int64_t adj;
	int err = take_signed(text, len, &adj);

	if (err || adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	/*
	 * Less than an administrator has set, only an administrator may set
	 * (proc_pid_oom_score_adj(5)).
	 */
	if (adj < p->oom.score_adj_min && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	WRITE_ONCE(p->oom.score_adj, (int16_t)adj);
	if (capable(CAP_SYS_RESOURCE))
		p->oom.score_adj_min = (int16_t)adj;
	return 0;
}

static int show_personality(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	if (!may_look(n->process, n->task, ACCESS_FS))
		return -EPERM;
	proc_printf(t, "%08x\n", n->process->personality);
	return 0;
}

/* ---- logins: what Linux keeps for its audit, and pam_loginuid(8) asks for ---- */

static int show_login(struct proc_text *t, const struct proc_node *n, bool session)
{
	struct task *task = proc_task(n);

	if (!task)
		return -ESRCH;
	/* Its own words, which it may change meanwhile: what it was, or is. */
	proc_printf(t, "%u",
		    (session ? READ_ONCE(task->login.session) : READ_ONCE(task->login.uid)) - 1);
	task_put(task);
	return 0;
}

static int show_loginuid(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	return show_login(t, n, false);
}

static int show_sessionid(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	return show_login(t, n, true);
}

/* A task says it of itself: once, unless it may administer that. */
static int write_loginuid(const struct proc_node *n, char *text, size_t len)
{
	static uint32_t sessions; /* so many there have been; atomic */
	uint64_t uid;

	if (n->task ? n->task != current : n->process->pid != current->tid)
		return -EPERM;
	if (parse_whole_u64(text, len, 10, &uid) || uid > UINT32_MAX)
		return -EINVAL;
	if (current->login.uid && !capable(CAP_AUDIT_CONTROL))
		return -EPERM;
	current->login.uid = (uint32_t)uid + 1;
	current->login.session = current->login.uid ? atomic_add(&sessions, 1) + 1 : 0;
	return 0;
}

/* ---- the tables ---- */

static const struct proc_numbers proc_threads;

/*
 * What a process and a thread have both.
 * There is one user namespace: each number is itself (uid_map).
 */
#define COMMON                                                                                     \
	PROC_START("auxv", proc_auxv, .outlives = true), PROC_FILE("cmdline", 0444, proc_cmdline), \
		PROC_RW("comm", 0644, show_comm, write_comm), PROC_JUMP("cwd", proc_cwd_jump),     \
		PROC_START("environ", proc_environ), PROC_JUMP("exe", proc_exe_jump),              \
		PROC_NUMBERS("fd", 0500, proc_fds),                                                \
		PROC_NUMBERS("fdinfo", 0555, proc_fdinfos, .private = true),                       \
		PROC_TEXT("gid_map", "         0          0 4294967295\n"),                        \
		PROC_FILE("limits", 0444, show_limits),                                            \
		PROC_RW("loginuid", 0644, show_loginuid, write_loginuid),                          \
		PROC_MEMORY("maps", 0444, proc_maps),                                              \
		PROC_FILE("mountinfo", 0444, proc_mountinfo),                                      \
		PROC_FILE("mounts", 0444, proc_mounts),                                            \
		PROC_FILE("oom_score", 0444, show_oom_score),                                      \
		PROC_RW("oom_score_adj", 0644, show_oom_score_adj, write_oom_score_adj),           \
		PROC_FILE("personality", 0400, show_personality),                                  \
		PROC_JUMP("root", proc_root_jump), PROC_FILE("sessionid", 0444, show_sessionid),   \
		PROC_FILE("schedstat", 0444, show_schedstat),                                      \
		PROC_MEMORY("smaps", 0444, proc_smaps),                                            \
		PROC_MEMORY("smaps_rollup", 0444, proc_smaps_rollup),                              \
		PROC_FILE("stat", 0444, show_pid_stat), PROC_FILE("statm", 0444, proc_statm),      \
		PROC_FILE("stack", 0400, proc_stack), PROC_FILE("status", 0444, show_status),      \
		PROC_FILE("syscall", 0400, proc_syscall),                                          \
		PROC_TEXT("uid_map", "         0          0 4294967295\n"),                        \
		PROC_FILE("wchan", 0444, proc_wchan)

static struct proc_entry thread_entries[] = { COMMON, { .name = NULL } };
static struct proc_entry process_entries[] = {
	COMMON,
	PROC_NUMBERS("task", 0555, proc_threads),
	{ .name = NULL },
};

/* ---- /proc/PID/task/TID ---- */

static bool next_thread(const struct proc_node *dir, uint32_t *n)
{
	struct task *t = process_thread(dir->process, (pid_t)*n);

	if (!t)
		return false;
	/* Found by number: the thread shown last may be gone. */
	*n = (uint32_t)t->tid;
	task_put(t);
	return true;
}

static bool find_shown_thread(const struct proc_node *dir, uint32_t n, struct proc_node *child)
{
	struct task *t = process_thread(dir->process, (pid_t)n);

	/* process_thread gives the next one if this number is none. */
	if (t && t->tid != (pid_t)n) {
		task_put(t);
		t = NULL;
	}
	if (!t)
		return false;
	child->task = t;
	child->process = dir->process;
	process_get(child->process);
	return true;
}

static struct proc_entry thread_dir = PROC_DIR("", thread_entries);
static const struct proc_numbers proc_threads = { &thread_dir, next_thread, find_shown_thread };

/* ---- /proc/PID ---- */

static bool next_pid(const struct proc_node *dir, uint32_t *n)
{
	struct process *p = process_first((pid_t)*n);

	if (!p)
		return false;
	*n = (uint32_t)p->pid;
	process_put(p);
	return true;
}

/* A number is that of a process; or of a thread, which is not listed but found. */
static bool find_pid(const struct proc_node *dir, uint32_t n, struct proc_node *child)
{
	struct task *t;

	child->process = process_find((pid_t)n);
	if (child->process)
		return true;
	t = task_find((pid_t)n);
	if (!t || !t->process) {
		if (t)
			task_put(t);
		return false;
	}
	child->task = t;
	/* The task holds its process, so this needs no lock. */
	child->process = t->process;
	process_get(child->process);
	return true;
}

static struct proc_entry process_dir = PROC_DIR("", process_entries);
const struct proc_numbers proc_pids = { &process_dir, next_pid, find_pid };
