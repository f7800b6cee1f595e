/*
 * tracedev.c - /dev/trace: the rings as a stream of frames (abi/trace.h, abi/trace_stream.h).
 *
 * A reader makes one frame at a time in its own memory, and hands it out in pieces as they are
 * asked for.  It holds rings_lock for no longer than a page's copy takes (el1/tracing.h).
 */
#include "el1/tracedev.h"

#include "abi/trace.h"
#include "arm/counter.h"
#include "arm/id.h"
#include "drivers/irq.h"
#include "el1/tracing.h"
#include "fs/dev.h"
#include "lib/crc32.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/version.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/cores.h"
#include "task/oncores.h"
#include "trace/levels.h"

#define TASK_LINE_MAX 48 /* two numbers and a name */

/* What a reader's next frame is. */
enum reader_step {
	READER_INFO,  /* once, before all others */
	READER_TASKS, /* once: the names of those that are there already */
	READER_BEGIN, /* a round begins: it ends with the records that there are now */
	READER_RECORDS,
	READER_ENDED, /* a read of nothing ends the round */
};

struct trace_reader {
	struct mutex lock; /* reads are one after the other; around rings_lock */
	enum reader_step step;
	pid_t pid, tid;		/* of the task that comes next: a process, and its thread */
	unsigned int cpu;	/* whose records come next */
	uint64_t next[NR_CPUS]; /* of its records */
	uint64_t last[NR_CPUS]; /* with which this round ends */
	uint64_t lost[NR_CPUS];
	uint64_t cleared[NR_CPUS]; /* that a write to `clear` took before they were read */
	size_t at, bytes;	   /* of the frame: what has been handed out, and the whole of it */
	struct trace_frame frame;
	uint64_t data[TRACE_FRAME_MAX / sizeof(uint64_t)];
};
_Static_assert(TRACE_PAGE_DATA <= TRACE_FRAME_MAX, "a page's records are a frame");
_Static_assert(offsetof(struct trace_reader, data) ==
		       offsetof(struct trace_reader, frame) + sizeof(struct trace_frame),
	       "a frame lies in one piece");

/* ---- frames ---- */

/*
 * A frame's CRC.  A reader under load must keep up with several cores that write: where the core
 * has the instructions for it, they take a hundredth of lib/crc32.h's time.  @p: aligned to 8.
 */
static uint32_t frame_crc(const void *p, size_t n)
{
	const uint64_t *w = p, *end = w + n / sizeof(*w);
	uint32_t crc = UINT32_MAX;

	/* Asked each time: the next frame may be made on another core. */
	if (!ID_FIELD(id_aa64isar0_el1, ISAR0_CRC32))
		return crc32_update(0, p, n);
	for (; w < end; w++)
		__asm__(".arch_extension crc\n\tcrc32x %w0, %w0, %1" : "+r"(crc) : "r"(*w));
	return crc32_update(~crc, end, n % sizeof(*w));
}

/* What is behind the header is there, and the header but for what is said here. */
static void seal_frame(struct trace_reader *r, uint16_t kind, size_t bytes)
{
	struct trace_frame *f = &r->frame;

	f->magic = TRACE_FRAME_MAGIC;
	f->kind = kind;
	f->bytes = (uint32_t)bytes;
	f->unused = 0;
	f->crc = frame_crc(&f->kind, sizeof(*f) - offsetof(struct trace_frame, kind) + bytes);
	r->at = 0;
	r->bytes = sizeof(*f) + bytes;
}

static void seal_text(struct trace_reader *r, uint16_t kind, size_t bytes)
{
	r->frame.cpu = 0;
	r->frame.seq = 0;
	r->frame.records = 0;
	seal_frame(r, kind, bytes);
}

/* What interrupts are called, in @size bytes: as many as there is room for. */
static size_t irq_names(char *to, size_t size)
{
	size_t n = (size_t)scnprintf(to, size, "irqs");
	char name[32];

	for (unsigned int irq = 0; irq < irq_lines() && size - n > sizeof(name) + 8; irq++) {
		irq_word(name, sizeof(name), irq);
		if (strcmp(name, "-"))
			n += (size_t)scnprintf(to + n, size - n, " %u:%s", irq, name);
	}
	return n + (size_t)scnprintf(to + n, size - n, "\n");
}

static void make_info(struct trace_reader *r)
{
	char kinds[TRACE_KINDS_MAX];
	size_t n;

	trace_kinds_print(kinds, sizeof(kinds), trace_kinds());
	n = (size_t)scnprintf((char *)r->data, sizeof(r->data),
			      "version 1\nrelease %s\nmachine aarch64\nhz %llu\nstart %llu\n"
			      "cores %u\nkinds %s\nfilters %s\n",
			      UTS_RELEASE, (unsigned long long)counter_hz(),
			      (unsigned long long)log_time_base(), cores_count(), kinds,
			      trace_is_filtered() ? "some" : "none");
	n += irq_names((char *)r->data + n, sizeof(r->data) - n);
	seal_text(r, TRACE_FRAME_INFO, n);
}

/* A line of task @t, of @process; what a terminal would obey is not in it. */
static size_t task_line(char *to, size_t size, const struct task *t, pid_t process)
{
	char comm[sizeof(t->comm)];

	memcpy(comm, t->comm, sizeof(comm));
	comm[sizeof(comm) - 1] = 0;
	for (char *c = comm; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	return (size_t)scnprintf(to, size, "%d %d %s\n", t->tid, process, comm);
}

/* The threads of @p from r->tid on, as many as fit behind *@n; false: there are more. */
static bool list_threads(struct trace_reader *r, struct process *p, size_t *n)
{
	struct task *t;

	while ((t = process_thread(p, r->tid))) {
		if (sizeof(r->data) - *n < TASK_LINE_MAX) {
			task_put(t);
			return false;
		}
		*n += task_line((char *)r->data + *n, sizeof(r->data) - *n, t, p->pid);
		r->tid = t->tid + 1;
		task_put(t);
	}
	return true;
}

/* The next tasks' names; false: there are no more. */
static bool make_tasks(struct trace_reader *r)
{
	struct process *p;
	size_t n = 0;

	while ((p = process_first(r->pid))) {
		if (p->pid != r->pid)
			r->tid = 0;
		r->pid = p->pid;
		if (!list_threads(r, p, &n)) {
			process_put(p);
			break;
		}
		r->pid++;
		r->tid = 0;
		process_put(p);
		if (give_way())
			break;
	}
	if (n)
		seal_text(r, TRACE_FRAME_TASKS, n);
	return n;
}

static void make_end(struct trace_reader *r)
{
	char *text = (char *)r->data;
	size_t n = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cores_online() & BIT(cpu))
			n += (size_t)scnprintf(text + n, sizeof(r->data) - n,
					       "cpu %u written %llu lost %llu cleared %llu\n", cpu,
					       (unsigned long long)r->last[cpu],
					       (unsigned long long)r->lost[cpu],
					       (unsigned long long)r->cleared[cpu]);
	seal_text(r, TRACE_FRAME_END, n);
}

/* The next of the round's records, of the core whose turn it is; false: all are out. */
static bool make_records(struct trace_reader *r)
{
	struct ring_piece p;

	for (unsigned int tried = 0; tried < NR_CPUS; tried++) {
		unsigned int cpu = r->cpu;

		r->cpu = (cpu + 1) % NR_CPUS;
		if (r->next[cpu] > r->last[cpu] ||
		    !trace_records(cpu, &r->next[cpu], r->last[cpu], r->data, &p, &r->lost[cpu],
				   &r->cleared[cpu]))
			continue;
		memmove(r->data, p.data, p.bytes);
		r->frame.cpu = (uint16_t)cpu;
		r->frame.seq = p.seq;
		r->frame.records = p.records;
		seal_frame(r, TRACE_FRAME_RECORDS, p.bytes);
		return true;
	}
	return false;
}

static void take_notes(void *unused)
{
	trace_levels(current->tid);
}

/* A round: what has been recorded up to now.  False: nothing is new. */
static bool begin_round(struct trace_reader *r)
{
	bool any = false;

	/* What the levels above have noted is recorded up to now too. */
	if (trace_on(TRACE_EL2 | TRACE_EL3))
		cores_call(take_notes, NULL);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		r->last[cpu] = trace_last(cpu);
		any |= r->next[cpu] <= r->last[cpu];
	}
	return any;
}

/* The next frame is made; false: the round is over, or nothing is new. */
static bool next_frame(struct trace_reader *r)
{
	switch (r->step) {
	case READER_INFO:
		begin_round(r);
		make_info(r);
		r->step = READER_TASKS;
		return true;
	case READER_TASKS:
		if (make_tasks(r))
			return true;
		r->step = READER_RECORDS;
		return next_frame(r);
	case READER_BEGIN:
		if (!begin_round(r))
			return false;
		r->step = READER_RECORDS;
		/* fall through */
	case READER_RECORDS:
		if (make_records(r))
			return true;
		make_end(r);
		r->step = READER_ENDED;
		return true;
	default: return false;
	}
}

/* ---- the file ---- */

/* Each begins with the oldest records. */
static int trace_open(struct file *f)
{
	struct trace_reader *r;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	r = kzalloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		r->next[cpu] = 1;
	f->private = r;
	return 0;
}

static void trace_release(struct file *f)
{
	kfree(f->private);
}

/* What a fault has kept from being delivered comes with the next read. */
static long read_frames(struct trace_reader *r, struct iter *to)
{
	size_t done = 0, want, moved;

	while (to->left) {
		if (r->at == r->bytes && !next_frame(r)) {
			if (!done && r->step == READER_ENDED)
				r->step = READER_BEGIN;
			break;
		}
		want = min(to->left, r->bytes - r->at);
		moved = iter_put(to, (const char *)&r->frame + r->at, want);
		r->at += moved;
		done += moved;
		if (moved < want)
			return done ? (long)done : -EFAULT;
		if (give_way())
			return done ? (long)done : -EINTR;
	}
	return (long)done;
}

static long trace_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct trace_reader *r = f->private;
	long done;

	/* Who was given the file by root reads nothing either. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	done = mutex_lock_killable(&r->lock);
	if (done)
		return done;
	done = read_frames(r, to);
	mutex_unlock(&r->lock);
	return done;
}

static const struct file_ops trace_file_ops = {
	.open = trace_open,
	.read = trace_file_read,
	.release = trace_release,
};

void tracing_dev_init(void)
{
	static struct device dev = {
		.name = "trace",
		.number = DEV(TRACE_MAJOR, TRACE_MINOR),
		.mode = 0400,
		.ops = &trace_file_ops,
	};

	dev_register_boot(&dev);
}
