/*
 * entry.c - what the files of /proc say is put together here: text, and the process or thread that
 * it is about.
 *
 * Comes from the show functions of fs/proc/.  Invariant: what does not fit is cut and t->full says
 * so: then the caller makes the whole piece again in a larger buffer (proc.c), so no other function
 * need test for room.
 */
#include "fs/proc/entry.h"

#include <stdarg.h>

#include "fs/context.h"
#include "fs/file.h"
#include "lib/export.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

/* ---- text ---- */

void proc_put(struct proc_text *t, const char *s, size_t n)
{
	if (n > t->size - t->len) {
		t->full = true;
		n = t->size - t->len;
	}
	memcpy(t->buf + t->len, s, n);
	t->len += n;
}
EXPORT(proc_put);

void proc_puts(struct proc_text *t, const char *s)
{
	proc_put(t, s, strlen(s));
}
EXPORT(proc_puts);

void proc_printf(struct proc_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->len)
		t->full = true;
	else
		t->len += (size_t)n;
}
EXPORT(proc_printf);

void proc_put_escaped(struct proc_text *t, const char *s, const char *escape)
{
	for (; *s; s++)
		if (strchr(escape, *s))
			proc_printf(t, "\\%03o", (unsigned int)(uint8_t)*s);
		else
			proc_put(t, s, 1);
}

int proc_put_path(struct proc_text *t, const struct path *p, const char *escape)
{
	char *buf = kmalloc(PATH_MAX), *s;
	bool reachable, removed;
	struct path root;

	if (!buf)
		return -ENOMEM;
	/* The reader's root, not the process's: the reader gets names that it could use itself. */
	fs_root(&root);
	s = path_name_any(p, &root, buf, PATH_MAX, &reachable, &removed);
	path_put(&root);
	if (!is_err(s)) {
		proc_put_escaped(t, s, escape);
		if (removed)
			proc_puts(t, " (deleted)");
	}
	kfree(buf);
	return is_err(s) ? (int)ptr_err(s) : 0;
}

void proc_put_kib(struct proc_text *t, const char *name, unsigned long kib)
{
	proc_printf(t, "%s%*lu kB\n", name, 24 - (int)strlen(name), kib);
}

int proc_show_text(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	proc_puts(t, n->entry->text);
	return 0;
}

/* ---- the process that it is about ---- */

struct task *proc_task(const struct proc_node *n)
{
	struct task *t;

	if (!n->task)
		return process_thread(n->process, 0);
	t = n->task;
	/* n holds the struct task; a thread that has left its process is shown no more. */
	if (READ_ONCE(t->gone))
		return NULL;
	task_get(t);
	return t;
}

struct proc_node proc_child(const struct proc_node *dir, const struct proc_entry *entry)
{
	/* The directory's inode holds both, so neither can be gone yet. */
	if (dir->process)
		process_get(dir->process);
	if (dir->task)
		task_get(dir->task);
	return (struct proc_node){ .entry = entry, .process = dir->process, .task = dir->task };
}
