/*
 * fdtable.c - descriptors: the table from small numbers to open files.
 *
 * Comes from every call that takes a descriptor.  Invariants (files->lock): a bit in used is set
 * exactly for the slots that are taken, one in full for the words of used that have no free slot;
 * first_free is not above the lowest free one.  A table that only one task has is read without the
 * lock: no other task can change it, and no file in it can go away during that task's call.
 *
 * What goes through a whole table, to copy it, does so a piece at a time, and other tasks may have
 * the lock, and the core, between two; the table is frozen meanwhile: it is read, but a task that
 * wants to change it waits (lock_to_change).
 */
#include "fs/fdtable.h"

#include "fs/lock.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/parts.h"

#define PIECE	512u  /* slots that are copied under the lock, or without a point to give way */
#define SCANNED 1024u /* words of a map that are looked at so */

/* The words of the three maps of a table of @cap slots: used, cloexec and full. */
static uint32_t map_words(uint32_t cap)
{
	return cap / 64 * 2 + DIV_ROUND_UP(cap / 64, 64U);
}

/* What a table of @cap slots takes. */
static size_t files_size(uint32_t cap)
{
	return sizeof(struct files) + cap * sizeof(struct file *) +
	       map_words(cap) * sizeof(uint64_t);
}

/* For a process that is charged by @c. */
static struct files *files_new(struct charge *c)
{
	struct files *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->charge = c;
	charge_add(c, files_size(ARRAY_SIZE(t->first_slots)));
	ref_init(&t->refs);
	t->cap = ARRAY_SIZE(t->first_slots);
	t->slots = t->first_slots;
	t->used = &t->first_used;
	t->cloexec = &t->first_cloexec;
	t->full = &t->first_full;
	wait_init(&t->thaw);
	return t;
}

static void files_free(struct files *t)
{
	if (t->slots != t->first_slots) {
		kfree(t->slots);
		kfree(t->used);
	}
	charge_drop(t->charge, files_size(t->cap));
	kfree(t);
}

static bool bit_test(const uint64_t *map, uint32_t n)
{
	return map[n / 64] & BIT(n % 64);
}

static inline void bit_put(uint64_t *map, uint32_t n, bool on)
{
	map[n / 64] = on ? map[n / 64] | BIT(n % 64) : map[n / 64] & ~BIT(n % 64);
}

/* Slot @n is taken, or free: both maps change together, so find_free may trust either. */
static inline void use(struct files *t, uint32_t n, bool on)
{
	uint64_t *word = &t->used[n / 64];

	if (!on && unlikely(!~*word))
		bit_put(t->full, n / 64, false);
	bit_put(t->used, n, on);
	if (on && unlikely(!~*word))
		bit_put(t->full, n / 64, true);
}

static __attribute__((noinline)) void wait_for_thaw(struct files *t)
{
	while (t->frozen) {
		/*
		 * The copier needs the lock to thaw the table; another may freeze it again before
		 * we have the lock: look again.
		 */
		spin_unlock(&t->lock);
		wait_event(&t->thaw, !READ_ONCE(t->frozen));
		spin_lock(&t->lock);
	}
}

/* The lock of a table that is about to be changed. */
static inline void lock_to_change(struct files *t)
{
	spin_lock(&t->lock);
	if (unlikely(t->frozen))
		wait_for_thaw(t);
}

/*
 * From here on to thaw @t does not change, so that its arrays can be copied without the lock: there
 * may be 4 MiB of them.  The lock is held before, not after.
 */
static void freeze(struct files *t)
{
	spin_assert_held(&t->lock);
	t->frozen = true;
	spin_unlock(&t->lock);
}

/* Its lock is held before, not after. */
static void thaw(struct files *t)
{
	spin_assert_held(&t->lock);
	t->frozen = false;
	spin_unlock(&t->lock);
	wake_up(&t->thaw);
}

/* The arrays of a larger table. */
struct room {
	uint32_t cap;
	struct file **slots;
	uint64_t *maps;
};

/*
 * @r has what @t has, which is frozen or in no other task's hands, and room for descriptor @n.  0
 * or -ENOMEM.
 */
static int make_room_in_table(const struct files *t, uint32_t n, struct room *r)
{
	r->cap = t->cap;
	while (r->cap <= n)
		r->cap *= 2;
	r->slots = kmalloc(r->cap * sizeof(*r->slots));
	r->maps = kzalloc(map_words(r->cap) * sizeof(*r->maps));
	if (!r->slots || !r->maps) {
		kfree(r->slots);
		kfree(r->maps);
		return -ENOMEM;
	}
	for (uint32_t at = 0; at < r->cap; at += PIECE) { /* both are multiples of it, or less */
		uint32_t old = t->cap > at ? min(t->cap - at, PIECE) : 0;
		uint32_t all = min(r->cap - at, PIECE);

		memcpy(r->slots + at, t->slots + at, old * sizeof(*r->slots));
		memset(r->slots + at + old, 0, (all - old) * sizeof(*r->slots));
		give_way();
	}
	memcpy(r->maps, t->used, t->cap / 8);
	memcpy(r->maps + r->cap / 64, t->cloexec, t->cap / 8);
	memcpy(r->maps + r->cap / 64 * 2, t->full,
	       DIV_ROUND_UP(t->cap / 64, 64U) * sizeof(*r->maps));
	return 0;
}

/*
 * @t, which is locked or in no other task's hands, has @r's arrays from now on; the old ones are in
 * @r.
 */
static void take_room(struct files *t, struct room *r)
{
	struct room old = { t->cap, t->slots, t->used };

	t->slots = r->slots;
	t->used = r->maps;
	t->cloexec = r->maps + r->cap / 64;
	t->full = r->maps + r->cap / 64 * 2;
	t->cap = r->cap;
	charge_add(t->charge, files_size(r->cap) - files_size(old.cap));
	*r = old;
}

/* Of a table that had no more than its first ones, the arrays are its own. */
static void free_room(const struct files *t, const struct room *r)
{
	if (r->slots == t->first_slots)
		return;
	kfree(r->slots);
	kfree(r->maps);
}

/*
 * Makes room for descriptor @n at least; the lock is held, but given up meanwhile: all may have
 * changed.  0 or -ENOMEM.
 */
static __attribute__((noinline)) int files_grow(struct files *t, uint32_t n)
{
	struct room r;
	int err;

	freeze(t);
	err = make_room_in_table(t, n, &r);
	spin_lock(&t->lock);
	/*
	 * The old arrays go when no core can be reading them: a task that shares the table reads
	 * under its lock.
	 */
	if (!err)
		take_room(t, &r);
	thaw(t);
	if (!err)
		free_room(t, &r);
	/*
	 * Another task may have frozen the table since: the caller goes on only when it may change
	 * it.
	 */
	lock_to_change(t);
	return err;
}

/* The lowest free descriptor from @from on; the table's size, or @from, when all are taken. */
static uint32_t find_free(const struct files *t, uint32_t from)
{
	uint32_t words = t->cap / 64, word = from / 64;
	uint64_t busy;

	if (from >= t->cap)
		return from;
	busy = t->used[word] | (BIT(from % 64) - 1);
	if (~busy)
		return word * 64 + (uint32_t)__builtin_ctzl(~busy);
	for (word++; word < words; word = (word | 63) + 1) {
		uint64_t full = t->full[word / 64] | (BIT(word % 64) - 1);

		if (!~full)
			continue;
		word = (word & ~63u) + (uint32_t)__builtin_ctzl(~full);
		if (word < words)
			return word * 64 + (uint32_t)__builtin_ctzl(~t->used[word]);
	}
	return t->cap;
}

uint32_t fd_limit(void)
{
	uint64_t limit = READ_ONCE(current->process->rlimit[RLIMIT_NOFILE].rlim_cur);

	return (uint32_t)min(limit, (uint64_t)FILES_MAX);
}

static inline struct file *slot_file(const struct files *t, int fd)
{
	uint64_t n = (uint32_t)fd;

	return n < t->cap ? t->slots[n & (t->cap - 1)] : NULL; /* inside also under speculation */
}

/* @f, or NULL if it has a bit of @unwanted in its mode, which the caller does not want. */
static inline struct file *unless(struct file *f, uint32_t unwanted)
{
	return likely(f) && likely(!(f->mode & unwanted)) ? f : NULL;
}

/* Other tasks have the table too: what is found in it gets a reference. */
static __attribute__((noinline)) struct fd_ref get_shared(struct files *t, int fd,
							  uint32_t unwanted)
{
	struct file *f;

	spin_lock(&t->lock);
	f = unless(slot_file(t, fd), unwanted);
	if (f)
		file_get(f);
	spin_unlock(&t->lock);
	return (struct fd_ref){ f, f };
}

static inline struct fd_ref get(int fd, uint32_t unwanted)
{
	struct files *t = current->files;

	/*
	 * Only current itself shares its table (clone).  A reader in /proc counts too, and so costs
	 * us a reference, but it changes nothing: get_shared is right in any case.
	 */
	if (unlikely(READ_ONCE(t->refs.n) != 1))
		return get_shared(t, fd, unwanted);
	return (struct fd_ref){ unless(slot_file(t, fd), unwanted), NULL };
}

struct fd_ref fd_get_any(int fd)
{
	return get(fd, 0);
}

struct fd_ref fd_get(int fd)
{
	return get(fd, FILE_PATH);
}

struct file *fd_file(int fd)
{
	struct fd_ref r = fd_get(fd);

	if (r.file && !r.counted)
		file_get(r.file);
	return r.file;
}

/*
 * The slot is taken before there is a file: opening one may sleep, and must not be in vain.  Until
 * fd_install the slot is NULL: for close it is not open, and dup2 of another thread leaves it
 * alone.
 */
int fd_reserve(uint32_t from, bool cloexec)
{
	struct files *t = current->files;
	uint32_t limit = fd_limit(), fd;
	int ret;

	lock_to_change(t);
	for (;;) {
		fd = find_free(t, max(from, t->first_free));
		ret = fd >= limit ? -EMFILE : (int)fd;
		if (ret < 0 || likely(fd < t->cap))
			break;
		/*
		 * The lock was given up: another thread may have taken the slot, so search again.
		 */
		ret = files_grow(t, fd);
		if (ret < 0)
			break;
	}
	if (ret >= 0) {
		use(t, fd, true);
		bit_put(t->cloexec, fd, cloexec);
		if (from <= t->first_free)
			t->first_free = fd + 1;
	}
	spin_unlock(&t->lock);
	return ret;
}

void fd_install(int fd, struct file *f)
{
	struct files *t = current->files;

	/*
	 * A copy under way (fork of another thread) must have the file with its reference, or not
	 * at all.
	 */
	lock_to_change(t);
	t->slots[fd] = f;
	spin_unlock(&t->lock);
}

/* Frees slot @fd and gives what was in it; t->lock is held. */
static inline struct file *vacate(struct files *t, uint32_t fd)
{
	struct file *f = t->slots[fd];

	spin_assert_held(&t->lock);
	t->slots[fd] = NULL;
	use(t, fd, false);
	bit_put(t->cloexec, fd, false);
	t->first_free = min(t->first_free, fd);
	return f;
}

void fd_unreserve(int fd)
{
	struct files *t = current->files;

	lock_to_change(t);
	vacate(t, (uint32_t)fd);
	spin_unlock(&t->lock);
}

int fd_reserve_two(int fd[2], bool cloexec)
{
	fd[0] = fd_reserve(0, cloexec);
	fd[1] = fd[0] < 0 ? fd[0] : fd_reserve(0, cloexec);
	if (fd[0] >= 0 && fd[1] < 0)
		fd_unreserve(fd[0]);
	return min(fd[1], 0);
}

void fd_end_two(const int fd[2], struct file *const f[2])
{
	for (int i = 0; i < 2; i++)
		if (f)
			fd_install(fd[i], f[i]);
		else
			fd_unreserve(fd[i]);
}

int fd_add(struct file *f, bool cloexec)
{
	int fd = fd_reserve(0, cloexec);

	if (fd < 0)
		file_put(f);
	else
		fd_install(fd, f);
	return fd;
}

int fd_dup_from(struct file *f, uint32_t from, bool cloexec)
{
	int fd = fd_reserve(from, cloexec);

	if (fd < 0)
		return fd;
	file_get(f);
	fd_install(fd, f);
	return fd;
}

bool fd_is(int fd, const struct file *f)
{
	struct files *t = current->files;
	bool is;

	/*
	 * The answer may be old at once; the caller checks only whether the descriptor was closed
	 * meanwhile.
	 */
	spin_lock(&t->lock);
	is = slot_file(t, fd) == f;
	spin_unlock(&t->lock);
	return is;
}

/*
 * @f has left table @t: a process that closes any descriptor of a file loses its records there
 * (fcntl(2)).
 */
static void file_left_table(struct files *t, struct file *f)
{
	if (unlikely(f->inode && f->inode->locks))
		locks_drop(f->inode, t);
	file_put(f);
}

int fd_close(int fd)
{
	struct files *t = current->files;
	struct file *f;

	lock_to_change(t);
	f = slot_file(t, fd);
	if (f)
		vacate(t, (uint32_t)fd);
	spin_unlock(&t->lock);
	if (!f)
		return -EBADF;
	/*
	 * Not under the lock: the last reference may wait for a device, or close many other files.
	 */
	file_left_table(t, f);
	return 0;
}

int fd_dup_to(struct file *f, int fd, bool cloexec)
{
	struct files *t = current->files;
	struct file *old = NULL;
	int ret = fd;

	if ((uint32_t)fd >= fd_limit())
		return -EBADF;
	lock_to_change(t);
	/*
	 * files_grow gives the lock up: another thread may have made the table larger, or frozen
	 * it.
	 */
	while (ret >= 0 && unlikely((uint32_t)fd >= t->cap))
		ret = files_grow(t, (uint32_t)fd) ?: fd;
	if (ret < 0) {
		old = NULL;
	} else if (bit_test(t->used, (uint32_t)fd) && !t->slots[fd]) {
		ret = -EBUSY; /* another thread is opening a file into it */
	} else {
		/*
		 * The new file stands in the slot in the same step: no other thread can get the
		 * number in between (dup2(2)).
		 */
		old = t->slots[fd];
		file_get(f);
		t->slots[fd] = f;
		use(t, (uint32_t)fd, true);
		bit_put(t->cloexec, (uint32_t)fd, cloexec);
	}
	spin_unlock(&t->lock);
	if (old)
		file_left_table(t, old);
	return ret;
}

int fd_cloexec(int fd, int set)
{
	struct files *t = current->files;
	int ret = -EBADF;

	lock_to_change(t);
	if (slot_file(t, fd)) {
		ret = set < 0 ? bit_test(t->cloexec, (uint32_t)fd) : 0;
		if (set >= 0)
			bit_put(t->cloexec, (uint32_t)fd, set);
	}
	spin_unlock(&t->lock);
	return ret;
}

/*
 * Descriptor *@fd and those behind it in its word of the maps, that are in use and no further than
 * @last.
 */
static uint64_t in_word(const struct files *t, uint32_t fd, uint32_t last)
{
	uint64_t some = t->used[fd / 64] & ~(BIT(fd % 64) - 1);

	if (last / 64 == fd / 64 && last % 64 < 63)
		some &= BIT(last % 64 + 1) - 1;
	return some;
}

/* Now and then on the way through a locked table, which is at @fd, others may change it. */
static void pause_at(struct files *t, uint32_t fd)
{
	if (likely(fd / 64 % SCANNED))
		return;
	spin_unlock(&t->lock);
	give_way();
	lock_to_change(t);
}

/*
 * The next open descriptor from *@fd to @last: vacated, its file returned; NULL at the end.  One at
 * a time, as the caller puts the file without the lock.
 */
static struct file *take_next(struct files *t, uint32_t *fd, uint32_t last, bool only_cloexec)
{
	struct file *f = NULL;

	lock_to_change(t);
	while (!f && *fd < t->cap && *fd <= last) {
		uint64_t some = in_word(t, *fd, last);

		if (only_cloexec)
			some &= t->cloexec[*fd / 64];
		if (!some) {
			*fd = (*fd | 63) + 1;
			pause_at(t, *fd);
			continue;
		}
		*fd = (*fd & ~63u) + (uint32_t)__builtin_ctzl(some);
		if (t->slots[*fd]) /* else it is being opened */
			f = vacate(t, *fd);
		++*fd;
	}
	spin_unlock(&t->lock);
	return f;
}

/* Closes the open descriptors from @fd to @last. */
static void close_some(struct files *t, uint32_t fd, uint32_t last, bool only_cloexec)
{
	struct file *f;

	while ((f = take_next(t, &fd, last, only_cloexec))) {
		file_left_table(t, f);
		give_way();
	}
}

void fd_close_range(uint32_t first, uint32_t last, bool only_mark)
{
	struct files *t = current->files;

	if (!only_mark) {
		close_some(t, first, last, false);
		return;
	}
	lock_to_change(t);
	for (uint64_t fd = first; fd < t->cap && fd <= last;) {
		t->cloexec[fd / 64] |= in_word(t, (uint32_t)fd, last);
		fd = (fd | 63) + 1;
		pause_at(t, (uint32_t)fd);
	}
	spin_unlock(&t->lock);
}

void files_put(struct files *t)
{
	if (!ref_put(&t->refs))
		return;
	/*
	 * Nobody else can find the table now, but close_some takes the lock all the same: there is
	 * one way to empty a slot.
	 */
	close_some(t, 0, UINT32_MAX, false);
	files_free(t);
}

/*
 * Those open in @old become @t's, too, which is as large.  @old is frozen, or locked and no larger
 * than a piece.
 */
static void copy_files(struct files *t, const struct files *old)
{
	for (uint32_t fd = 0; fd < old->cap; fd++) {
		struct file *f;

		if (fd && fd % PIECE == 0)
			give_way();
		if (!old->used[fd / 64]) {
			fd |= 63;
			continue;
		}
		f = old->slots[fd];
		if (!f)
			continue;
		file_get(f);
		t->slots[fd] = f;
		use(t, fd, true);
		bit_put(t->cloexec, fd, bit_test(old->cloexec, fd));
	}
}

/* The same of a frozen one of any size.  0 or -ENOMEM. */
static int copy_large_table(struct files *t, const struct files *old)
{
	struct room r;
	int err = make_room_in_table(t, old->cap - 1, &r);

	if (err)
		return err;
	take_room(t, &r);
	copy_files(t, old);
	return 0;
}

/*
 * A table with the same open files, as they are at one moment, for a process that is charged by @c.
 * NULL: no memory.
 */
static struct files *files_copy(struct files *old, struct charge *c)
{
	struct files *t = files_new(c);
	int err;

	if (!t)
		return NULL;
	lock_to_change(old);
	/*
	 * A small table is copied in one piece under the lock, which is shorter than to freeze it.
	 */
	if (old->cap <= t->cap) {
		copy_files(t, old);
		spin_unlock(&old->lock);
		return t;
	}
	freeze(old);
	err = copy_large_table(t, old);
	spin_lock(&old->lock);
	thaw(old);
	if (!err)
		return t;
	files_free(t);
	return NULL;
}

int files_unshare(void)
{
	struct files *old = current->files, *t;
	unsigned long flags;

	if (READ_ONCE(old->refs.n) == 1)
		return 0;
	t = files_copy(old, current->process->charge);
	if (!t)
		return -ENOMEM;
	/*
	 * files_of, on another core, takes its reference under this lock: it gets the old table,
	 * which we put only afterwards, or the new one.
	 */
	flags = spin_lock_irqsave(&proc_lock);
	current->files = t;
	spin_unlock_irqrestore(&proc_lock, flags);
	files_put(old);
	return 0;
}

/* ---- the descriptors of another task, @t ---- */

/* @t's table, with a reference, or NULL: @t has put it already. */
static struct files *files_of(struct task *t)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct files *files = t->files;

	/*
	 * Under proc_lock, so that context_exit cannot put the last reference between the load and
	 * this.
	 */
	if (files)
		ref_get(&files->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return files;
}

struct file *task_fd(struct task *t, uint32_t fd, bool *cloexec)
{
	struct files *files = files_of(t);
	struct file *f = NULL;

	if (!files)
		return NULL;
	spin_lock(&files->lock);
	if (fd < files->cap)
		f = files->slots[fd];
	*cloexec = f && bit_test(files->cloexec, fd);
	if (f)
		file_get(f);
	spin_unlock(&files->lock);
	/*
	 * Not under the lock: if the task has exited meanwhile, this is the last reference and
	 * closes all.
	 */
	files_put(files);
	return f;
}

bool task_next_fd(struct task *t, uint32_t *fd)
{
	struct files *files = files_of(t);
	bool found = false;

	if (!files)
		return false;
	spin_lock(&files->lock);
	while (!found && *fd < files->cap) {
		if (!files->used[*fd / 64])
			*fd |= 63;
		else
			found = files->slots[*fd];
		*fd += !found;
		if (!found && *fd % 64 == 0)
			pause_at(files, *fd);
	}
	spin_unlock(&files->lock);
	files_put(files);
	return found;
}

uint32_t task_fds(struct task *t)
{
	struct files *files = files_of(t);
	uint32_t n = files ? READ_ONCE(files->cap) : 0;

	if (files)
		files_put(files);
	return n;
}

/* ---- fork, exec, exit ---- */

struct files *files_fork(struct files *files, struct charge *c, bool share)
{
	if (!share)
		return files_copy(files, c);
	ref_get(&files->refs);
	return files;
}

void files_close_on_exec(struct task *t)
{
	close_some(t->files, 0, UINT32_MAX, true);
}

int files_create(struct task *t)
{
	t->files = files_new(t->process->charge);
	return t->files ? 0 : -ENOMEM;
}
