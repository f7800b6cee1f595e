/*
 * register.c - files of /proc that come and go at run time.
 *
 * Comes from modules; proc.c finds here what its tables do not have.  Invariant: what an inode of
 * /proc points to (struct proc_late, with its entry and its name) is the kernel's own memory and
 * lives as long as the inode; the module's struct proc_file is used between begin_call and
 * end_call alone, which proc_unregister waits for.
 */
#include "fs/proc/register.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "lib/export.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/sleep.h"

#define NUMBER_END 4096u /* proc.c's st_ino has room for numbers below it */

struct proc_late {
	struct list_node link; /* in the order of their numbers */
	struct proc_entry entry;
	struct proc_file *file; /* NULL: unregistered */
	uint32_t running;	/* of its functions */
	struct ref refs;	/* the registration's, and each inode's */
	struct charge *charge;	/* of who registered it */
	char name[];
};

static struct list_node lates = LIST_INIT(lates);
static struct mutex lates_lock = MUTEX_INIT(lates_lock); /* the list; a leaf */
static struct spinlock running_lock;			 /* file and running of all; a leaf */
static struct wait_queue left;				 /* running of one of them went to 0 */
static uint16_t first_number;
static const struct proc_entry *fixed_entries;

static struct proc_late *late_of(const struct proc_entry *e)
{
	return container_of(e, struct proc_late, entry);
}

/* ---- the calls into a module ---- */

/* @l's file, with its owner held, until end_call; NULL: it is gone. */
static struct proc_file *begin_call(struct proc_late *l)
{
	struct proc_file *file;

	spin_lock(&running_lock);
	file = l->file;
	if (file && !owner_get(file->owner))
		file = NULL; /* it is being unloaded, and about to unregister it */
	l->running += file != NULL;
	spin_unlock(&running_lock);
	return file;
}

static void end_call(struct proc_late *l, struct proc_file *file)
{
	bool last;

	/* While proc_unregister waits for us the module is still there. */
	owner_put(file->owner);
	spin_lock(&running_lock);
	last = !--l->running;
	spin_unlock(&running_lock);
	if (last)
		wake_up(&left);
}

static int late_show(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct proc_late *l = late_of(n->entry);
	struct proc_file *file = begin_call(l);
	int more;

	if (!file)
		return -EIO;
	more = file->show(t, file->arg, at);
	end_call(l, file);
	return more;
}

static int late_write(const struct proc_node *n, char *text, size_t len)
{
	struct proc_late *l = late_of(n->entry);
	struct proc_file *file = begin_call(l);
	int err = -EIO;

	if (!file)
		return err;
	if (file->write)
		err = file->write(file->arg, text, len);
	end_call(l, file);
	return err;
}

/* ---- what there is ---- */

static bool is_called(const struct proc_entry *e, const char *name, size_t len)
{
	return strlen(e->name) == len && !memcmp(e->name, name, len);
}

/* One of the list that is called so; lates_lock held. */
static struct proc_late *find_locked(const char *name, size_t len)
{
	struct proc_late *l;

	mutex_assert_held(&lates_lock);
	list_for_each(l, &lates, link)
		if (is_called(&l->entry, name, len))
			return l;
	return NULL;
}

const struct proc_entry *late_find(const char *name, size_t len)
{
	struct proc_late *l;

	mutex_lock(&lates_lock);
	l = find_locked(name, len);
	if (l)
		ref_get(&l->refs);
	mutex_unlock(&lates_lock);
	return l ? &l->entry : NULL;
}

const struct proc_entry *late_next(uint16_t number)
{
	const struct proc_entry *found = NULL;
	struct proc_late *l;

	mutex_lock(&lates_lock);
	list_for_each(l, &lates, link)
		if (l->entry.number >= number) {
			ref_get(&l->refs);
			found = &l->entry;
			break;
		}
	mutex_unlock(&lates_lock);
	return found;
}

void late_put(const struct proc_entry *e)
{
	struct proc_late *l = late_of(e);

	if (!e->late || !ref_put(&l->refs))
		return;
	charge_drop(l->charge, sizeof(*l) + CHARGE_SMALL);
	kfree(l);
}

bool late_is_there(const struct proc_entry *e)
{
	return !e->late || READ_ONCE(late_of(e)->file);
}

void late_init(uint16_t number, const struct proc_entry *fixed)
{
	first_number = number;
	fixed_entries = fixed;
	wait_init(&left);
}

/* ---- coming and going ---- */

/* 1 to 255 bytes, no slash, and neither "." nor ".." nor a number, which is a process. */
static bool is_file_name(const char *name)
{
	size_t len = strlen(name);

	return len && len <= NAME_MAX && !strchr(name, '/') && name[0] != '.' &&
	       !(name[0] >= '0' && name[0] <= '9');
}

/* Is it the name of something that was there at boot? */
static bool is_fixed(const char *name)
{
	for (const struct proc_entry *e = fixed_entries; e->name; e++)
		if (!strcmp(e->name, name))
			return true;
	return false;
}

/* Gives @l the least number that is free, and its place in the list.  0 or -ENOSPC. */
static int insert_late(struct proc_late *l)
{
	uint16_t number = first_number;
	struct proc_late *at;

	mutex_assert_held(&lates_lock);
	list_for_each(at, &lates, link) {
		if (at->entry.number != number)
			break;
		number++;
	}
	if (number >= NUMBER_END)
		return -ENOSPC;
	l->entry.number = number;
	list_add_tail(&at->link, &l->link); /* before the one with the next number, or the end */
	return 0;
}

int proc_register(struct proc_file *file)
{
	size_t len = strlen(file->name);
	struct proc_late *l;
	int err;

	if (!is_file_name(file->name))
		return -EINVAL;
	l = kzalloc(sizeof(*l) + len + 1);
	if (!l)
		return -ENOMEM;
	memcpy(l->name, file->name, len + 1);
	l->entry = (struct proc_entry)PROC_RW(l->name, file->mode & 0777, late_show, late_write);
	l->entry.late = true;
	l->file = file;
	ref_init(&l->refs);
	mutex_lock(&lates_lock);
	err = is_fixed(l->name) || find_locked(l->name, len) ? -EEXIST : insert_late(l);
	mutex_unlock(&lates_lock);
	if (err) {
		kfree(l);
		return err;
	}
	l->charge = charge_mine(sizeof(*l) + CHARGE_SMALL);
	file->late = l;
	return 0;
}
EXPORT(proc_register);

void proc_unregister(struct proc_file *file)
{
	struct proc_late *l = file->late;

	mutex_lock(&lates_lock);
	list_del(&l->link);
	mutex_unlock(&lates_lock);
	spin_lock(&running_lock);
	WRITE_ONCE(l->file, NULL);
	spin_unlock(&running_lock);
	/* Whoever looks from here on finds no file; those who had found it are waited for. */
	wait_event(&left, !load_acquire(&l->running));
	late_put(&l->entry);
}
EXPORT(proc_unregister);
