/*
 * stretches.c - /dev/stretches: how long each core goes without letting others in (arm/stretch.h).
 * Root's alone, and only in the kernel of make CHECKED=1.
 *
 * One line a place, in no order:
 *
 * 	locked 51234 cpu 0 times 3 from fcntl_lock+0x10/0x80 to fcntl_lock+0x70/0x80
 * 		by sys_fcntl+0x1c/0x40 lock &lock_table
 *
 * (without a break): the kind (masked, locked, kept, waited), ticks of CNTVCT of the longest, its
 * core, how many there were of 2000 ticks and more, where it began and ended, who called the end,
 * and for a lock its name in the source.  "kept" is the time without a point to give way; it begins
 * where EL0's call was served first, or behind the last such point.  A write forgets all.  The
 * file's position counts lines.
 */
#include "fs/dev.h"
#include "lib/printf.h"
#include "log/ksym.h"

#ifdef CHECKED

_Static_assert(STRETCH_STACK == STACK_SIZE, "STRETCH_STACK");

#define LINE_SIZE 1024

static const char *const kinds[STRETCH_KINDS] = { "masked", "locked", "kept", "waited" };

static int put_symbol(char *buf, size_t size, const char *before, uintptr_t va)
{
	char text[KSYM_TEXT_MAX];

	ksym_describe(text, sizeof(text), va, 0);
	return scnprintf(buf, size, "%s%s", before, text);
}

static size_t put_line(char *buf, size_t size, unsigned int cpu, const struct stretch *s)
{
	size_t n = (size_t)scnprintf(buf, size, "%s %llu cpu %u times %u", kinds[s->kind],
				     (unsigned long long)s->ticks, cpu, s->count);

	n += (size_t)put_symbol(buf + n, size - n, " from ", s->start);
	n += (size_t)put_symbol(buf + n, size - n, " to ", s->end);
	for (unsigned int i = 0; i < STRETCH_CALLERS && s->callers[i]; i++)
		n += (size_t)put_symbol(buf + n, size - n, i ? "," : " by ", s->callers[i]);
	if (s->lock)
		n += (size_t)scnprintf(buf + n, size - n, " lock %s", s->lock);
	return n + (size_t)scnprintf(buf + n, size - n, "\n");
}

/* Lines of one core: the places, and behind them what found no room. */
#define LINES (STRETCH_PLACES + 1)

/* The first line from number *@at on, which is then *@at; 0: there is none. */
static size_t next_line(char *buf, size_t size, uint64_t *at)
{
	struct stretch s;

	for (; *at < (uint64_t)LINES * NR_CPUS; ++*at) {
		unsigned int cpu = (unsigned int)(*at / LINES), i = (unsigned int)(*at % LINES);

		if (cpu && !percpu_offset[cpu])
			continue;
		if (i == STRETCH_PLACES)
			return (size_t)scnprintf(buf, size, "cpu %u lost %u\n", cpu,
						 stretch_lost(cpu));
		if (stretch_get(cpu, i, &s))
			return put_line(buf, size, cpu, &s);
	}
	return 0;
}

static long stretches_read(struct file *f, struct iter *to, uint64_t *pos)
{
	char line[LINE_SIZE];
	long done = 0;

	while (to->left) {
		size_t n = next_line(line, sizeof(line), pos);

		if (!n)
			break;
		if (n > to->left)
			return done ? done : -EINVAL;
		if (iter_put(to, line, n) != n)
			return done ? done : -EFAULT;
		done += (long)n;
		++*pos;
	}
	return done;
}

static long stretches_write(struct file *f, struct iter *from, uint64_t *pos)
{
	stretch_clear();
	return (long)from->left;
}

const struct file_ops stretches_ops = {
	.read = stretches_read,
	.write = stretches_write,
	.seek = file_seek_unsized,
};

#endif
