/*
 * counts.c - see counts.h.
 */
#include "el0/levels/counts.h"

#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

/* ---- words ---- */

/* The next word of the line at *@at, terminated; "" at its end. */
static char *next_word(char **at)
{
	char *word = *at, *end = strchr(word, ' ');

	if (end)
		*end++ = '\0';
	*at = end ? end : word + strlen(word);
	return word;
}

static uint64_t next_number(char **at)
{
	return (uint64_t)strtol(next_word(at), NULL, 0);
}

/* "core 0": which; one that there cannot be is none. */
static unsigned int next_core(char **at)
{
	next_word(at);
	return (unsigned int)next_number(at) % CORES_MAX;
}

/* ENTRIES SUM MAX BUCKET:COUNT...; returns the entries. */
static uint64_t add_times(struct times *t, char **at)
{
	uint64_t entries = next_number(at), max_ns;

	t->entries += entries;
	t->sum_ns += next_number(at);
	max_ns = next_number(at);
	t->max_ns = max_ns > t->max_ns ? max_ns : t->max_ns;
	while (**at) {
		char *word = next_word(at), *count;
		long bucket = strtol(word, &count, 10);

		if (bucket >= 0 && bucket < COUNTERS_BUCKETS && *count == ':')
			t->in_bucket[bucket] += (uint64_t)strtol(count + 1, NULL, 10);
	}
	return entries;
}

/* ---- lines ---- */

static void take_kind(struct counts *c, char *at)
{
	const char *name = next_word(&at), *from = next_word(&at), *to = next_word(&at);
	unsigned int core = next_core(&at);
	char label[24];
	int i = 0;

	snprintf(label, sizeof(label), "%s->%s %s", from, to, name);
	while (i < c->kinds && strcmp(c->kind[i].label, label) != 0)
		i++;
	if (i == KINDS_MAX)
		return;
	if (i == c->kinds)
		strcpy(c->kind[c->kinds++].label, label);
	c->kind[i].on[core] += add_times(&c->kind[i].times, &at);
}

static void take_call(struct counts *c, char *at)
{
	uint64_t nr = next_number(&at);
	const char *name = next_word(&at);

	next_core(&at);
	if (nr >= CALLS_MAX)
		return;
	if (strcmp(name, "-") == 0)
		snprintf(c->call[nr].name, sizeof(c->call[nr].name), "call %lu", nr);
	else
		snprintf(c->call[nr].name, sizeof(c->call[nr].name), "%s", name);
	add_times(&c->call[nr].times, &at);
}

static void take_irq(struct counts *c, char *at)
{
	uint64_t nr = next_number(&at), n;
	const char *name = next_word(&at);
	unsigned int core = next_core(&at);

	if (nr >= IRQS_MAX)
		return;
	snprintf(c->irq[nr].name, sizeof(c->irq[nr].name), "%s", name);
	n = next_number(&at);
	c->irq[nr].on[core] += n;
	c->irq[nr].all += n;
}

static void take_time(struct counts *c, char *at)
{
	c->time_ns = next_number(&at);
	next_word(&at);
	c->since_ns = next_number(&at);
	next_word(&at);
	c->cores = next_number(&at);
}

static void take_line(struct counts *c, char *line)
{
	const char *what = next_word(&line);

	if (strcmp(what, "time") == 0)
		take_time(c, line);
	else if (strcmp(what, "kind") == 0)
		take_kind(c, line);
	else if (strcmp(what, "call") == 0)
		take_call(c, line);
	else if (strcmp(what, "irq") == 0)
		take_irq(c, line);
}

/* The file whole, terminated, in memory to be freed; NULL with *@err. */
static char *read_whole(const char *path, int *err)
{
	size_t size = 1 << 16, len = 0;
	char *text = malloc(size), *more;
	int fd = open(path, O_RDONLY, 0);
	long n = fd;

	while (text && n >= 0 && (n = svc_read(fd, text + len, size - len - 1)) > 0) {
		len += (size_t)n;
		if (size - len > 4096)
			continue;
		more = realloc(text, size *= 2);
		if (!more)
			free(text);
		text = more;
	}
	if (fd >= 0)
		svc_close(fd);
	*err = !text ? -ENOMEM : n < 0 ? (int)n : 0;
	if (!*err) {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

int counts_read(struct counts *c)
{
	char *text, *line, *end;
	int err;

	memset(c, 0, sizeof(*c));
	text = read_whole(COUNTERS_FILE, &err);
	if (!text)
		return err;
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(c, line);
	}
	free(text);
	return c->cores ? 0 : -ENODATA;
}

/* ---- differences ---- */

static void subtract_times(struct times *now, const struct times *before)
{
	now->entries -= before->entries;
	now->sum_ns -= before->sum_ns;
	for (int b = 0; b < COUNTERS_BUCKETS; b++)
		now->in_bucket[b] -= before->in_bucket[b];
}

uint64_t counts_subtract(struct counts *now, const struct counts *before)
{
	if (now->since_ns != before->since_ns)
		return now->time_ns - now->since_ns;
	/* The kernel lists all kinds in one order each time. */
	for (int i = 0; i < now->kinds && i < before->kinds; i++) {
		subtract_times(&now->kind[i].times, &before->kind[i].times);
		for (int core = 0; core < CORES_MAX; core++)
			now->kind[i].on[core] -= before->kind[i].on[core];
	}
	for (int i = 0; i < CALLS_MAX; i++)
		subtract_times(&now->call[i].times, &before->call[i].times);
	for (int i = 0; i < IRQS_MAX; i++) {
		now->irq[i].all -= before->irq[i].all;
		for (int core = 0; core < CORES_MAX; core++)
			now->irq[i].on[core] -= before->irq[i].on[core];
	}
	return now->time_ns - before->time_ns;
}
