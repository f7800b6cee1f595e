/*
 * eventfd.c - eventfds that are lines of a VM's interrupt controller (KVM_IRQFD), and those that a
 * guest's store writes to (KVM_IOEVENTFD): a VMM's threads and other processes meet the guest so,
 * and no vcpu leaves for it.
 *
 * An irqfd waits in its eventfd's queue, and acts in the wake-up itself.  With a resamplefd the
 * line stays up until the guest has ended the interrupt: then it falls, and the resamplefd is told,
 * by the vcpu's task before it runs on: there may be thousands, and each may have many who wait.
 *
 * Invariant: whatever is in a list holds its files, and is in its eventfd's queue; who takes it out
 * of the list has the mutex, and leaves the queue before it frees.
 */
#include "abi/kvm.h"
#include "fs/anon/eventfd.h"
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "kvm/kvm.h"
#include "lib/list.h"
#include "mm/slab.h"

#define IOEVENTFDS_MAX 1000 /* as Linux */
#define IRQFDS_MAX     4096

struct kvm_eventfds {
	struct mutex lock;	 /* of the lists */
	struct list_node irqfds; /* of struct irqfd */
	struct list_node lines;	 /* of struct irqfd, those with a resamplefd */
	struct list_node stores; /* of struct ioeventfd */
	struct spinlock lookup;	 /* irqsave; also for who changes stores, and enough to read it */
	unsigned int nr_irqfds, nr_stores;
};

struct irqfd {
	struct list_node link, line;
	struct kvm_vm *vm;
	struct file *file, *resample; /* resample: NULL, it is an edge */
	uint32_t gsi;
	struct poll_wait poll;
	struct waiter waiter;
	struct wait_queue *queue; /* NULL: it is in none yet */
};

struct ioeventfd {
	struct list_node link;
	struct file *file;
	uint64_t addr, datamatch;
	uint32_t len;	     /* 0: any */
	bool any_data, port; /* port: of an address space that a guest of arm64 has not */
};

/* The VM's, made for the first that comes; NULL: no memory.  Never changes then. */
static struct kvm_eventfds *eventfds_of(struct kvm_vm *vm)
{
	struct kvm_eventfds *e;

	mutex_lock(&vm->lock);
	e = vm->eventfds;
	if (!e)
		e = kvm_alloc(vm, sizeof(*e));
	if (e && !vm->eventfds) {
		mutex_init(&e->lock);
		list_init(&e->irqfds);
		list_init(&e->lines);
		list_init(&e->stores);
		/* Release: a vcpu looks without the lock. */
		store_release(&vm->eventfds, e);
	}
	mutex_unlock(&vm->lock);
	return e;
}

/* The eventfd that is open as @fd, with a reference; err_ptr(-EBADF, -EINVAL). */
static struct file *get_eventfd(uint32_t fd)
{
	struct file *f = fd_file((int)fd);

	if (!f)
		return err_ptr(-EBADF);
	if (eventfd_is(f))
		return f;
	file_put(f);
	return err_ptr(-EINVAL);
}

/* ---- irqfd ---- */

/*
 * Its eventfd has been written: what it counts is taken.  A line that is a level stays up, until
 * KVM_IRQ_LINE or a resamplefd's end of it, as on Linux.
 */
static void raise_line(struct irqfd *i)
{
	uint64_t count;

	if (eventfd_take(i->file, &count))
		kvm_set_gsi(i->vm, i->gsi, true);
}

static bool wake_irqfd(struct waiter *w)
{
	raise_line(container_of(w, struct irqfd, waiter));
	return false; /* no task acts on it */
}

static void join_queue(struct poll_wait *p, struct wait_queue *q, uint32_t events)
{
	struct irqfd *i = container_of(p, struct irqfd, poll);

	if (!(events & POLLIN) || i->queue)
		return;
	i->queue = q;
	wait_add(q, &i->waiter, wake_irqfd);
}

static void free_irqfd(struct irqfd *i)
{
	/* From here on it is woken no more, and no wake-up of it is under way. */
	if (i->queue)
		wait_remove(i->queue, &i->waiter);
	file_put(i->file);
	if (i->resample)
		file_put(i->resample);
	kvm_free(i->vm, i, sizeof(*i));
}

/* e->lock is held. */
static void remove_irqfd(struct kvm_eventfds *e, struct irqfd *i)
{
	list_del(&i->link);
	if (i->resample)
		list_del(&i->line);
	e->nr_irqfds--;
	free_irqfd(i);
}

/* e->lock is held.  An eventfd is one line's at most. */
static int check_irqfd(const struct kvm_eventfds *e, const struct irqfd *new)
{
	const struct irqfd *i;

	if (e->nr_irqfds >= IRQFDS_MAX)
		return -ENOMEM;
	list_for_each(i, &e->irqfds, link)
		if (i->file == new->file)
			return -EBUSY;
	return 0;
}

/* e->lock is held. */
static int add_irqfd(struct kvm_eventfds *e, struct irqfd *i)
{
	int err = check_irqfd(e, i);

	if (err)
		return err;
	list_add_tail(&e->irqfds, &i->link);
	if (i->resample)
		list_add_tail(&e->lines, &i->line);
	e->nr_irqfds++;
	/* It may have been written before it was a line. */
	if (file_poll(i->file, &i->poll) & POLLIN)
		raise_line(i);
	return 0;
}

static int assign_irqfd(struct kvm_vm *vm, struct kvm_eventfds *e, const struct kvm_irqfd *arg)
{
	struct file *f = get_eventfd(arg->fd), *resample = NULL;
	struct irqfd *i;
	int err;

	if (is_err(f))
		return (int)ptr_err(f);
	if (arg->flags & KVM_IRQFD_FLAG_RESAMPLE)
		resample = get_eventfd(arg->resamplefd);
	i = is_err(resample) ? NULL : kvm_alloc(vm, sizeof(*i));
	if (!i) {
		file_put(f);
		if (resample && !is_err(resample))
			file_put(resample);
		return is_err(resample) ? (int)ptr_err(resample) : -ENOMEM;
	}
	*i = (struct irqfd){
		.vm = vm, .file = f, .resample = resample, .gsi = arg->gsi, .poll.join = join_queue
	};
	/* The files are @i's now.  Who tells resamplefds may have the lock for long: killable. */
	err = kvm_locked(e, add_irqfd(e, i));
	if (err)
		free_irqfd(i);
	return err;
}

/* e->lock is held. */
static int remove_irqfds(struct kvm_eventfds *e, const struct file *f, uint32_t gsi)
{
	struct irqfd *i, *next;

	list_for_each_safe(i, next, &e->irqfds, link)
		if (i->file == f && i->gsi == gsi)
			remove_irqfd(e, i);
	return 0;
}

static int deassign_irqfd(struct kvm_eventfds *e, const struct kvm_irqfd *arg)
{
	struct file *f = get_eventfd(arg->fd);
	int err;

	if (is_err(f))
		return (int)ptr_err(f);
	err = kvm_locked(e, remove_irqfds(e, f, arg->gsi));
	file_put(f);
	return err;
}

int kvm_irqfd(struct kvm_vm *vm, const struct kvm_irqfd *arg)
{
	bool deassign = arg->flags & KVM_IRQFD_FLAG_DEASSIGN;
	struct kvm_eventfds *e;

	if (arg->flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	if (!deassign && !kvm_has_vgic(vm))
		return -EAGAIN;
	e = eventfds_of(vm);
	if (!e)
		return -ENOMEM;
	return deassign ? deassign_irqfd(e, arg) : assign_irqfd(vm, e, arg);
}

bool kvm_eventfds_want_ack(const struct kvm_vm *vm)
{
	const struct kvm_eventfds *e = load_acquire(&vm->eventfds);

	return e && !list_empty(&e->lines);
}

void kvm_eventfds_ack(struct kvm_vm *vm, unsigned int irq)
{
	struct kvm_eventfds *e = vm->eventfds;
	unsigned int looked_at = 0;
	struct irqfd *i;
	bool down = false;

	mutex_lock(&e->lock);
	list_for_each(i, &e->lines, line) {
		if (++looked_at % 32 == 0)
			(void)give_way(); /* who is to die has yet to tell */
		if (!kvm_gsi_is(vm, i->gsi, irq))
			continue;
		/* First, and once: who is told may raise it again at once. */
		if (!down)
			kvm_set_gsi(vm, i->gsi, false);
		down = true;
		eventfd_signal(i->resample);
	}
	mutex_unlock(&e->lock);
}

/* ---- ioeventfd ---- */

static bool is_same_store(const struct ioeventfd *a, const struct kvm_ioeventfd *b)
{
	bool any = !(b->flags & KVM_IOEVENTFD_FLAG_DATAMATCH);

	return a->port == ((b->flags & KVM_IOEVENTFD_FLAG_PIO) != 0) && a->addr == b->addr &&
	       a->len == b->len && a->any_data == any && (any || a->datamatch == b->datamatch);
}

/* Would some store be both's? */
static bool do_collide(const struct ioeventfd *a, const struct ioeventfd *b)
{
	return a->port == b->port && a->addr == b->addr &&
	       (!a->len || !b->len ||
		(a->len == b->len && (a->any_data || b->any_data || a->datamatch == b->datamatch)));
}

static void free_ioeventfd(struct kvm_vm *vm, struct ioeventfd *s)
{
	file_put(s->file);
	kvm_free(vm, s, sizeof(*s));
}

/* e->lock is held. */
static void remove_ioeventfd(struct kvm_vm *vm, struct kvm_eventfds *e, struct ioeventfd *s)
{
	unsigned long flags = spin_lock_irqsave(&e->lookup);

	list_del(&s->link);
	spin_unlock_irqrestore(&e->lookup, flags);
	e->nr_stores--;
	free_ioeventfd(vm, s);
}

/* e->lock is held. */
static int add_ioeventfd(struct kvm_eventfds *e, struct ioeventfd *s)
{
	const struct ioeventfd *other;
	unsigned long flags;

	if (e->nr_stores >= IOEVENTFDS_MAX)
		return -ENOSPC;
	list_for_each(other, &e->stores, link)
		if (do_collide(other, s))
			return -EEXIST;
	flags = spin_lock_irqsave(&e->lookup);
	list_add_tail(&e->stores, &s->link);
	spin_unlock_irqrestore(&e->lookup, flags);
	e->nr_stores++;
	return 0;
}

static int assign_ioeventfd(struct kvm_vm *vm, struct kvm_eventfds *e,
			    const struct kvm_ioeventfd *arg, struct file *f)
{
	struct ioeventfd *s = kvm_alloc(vm, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	*s = (struct ioeventfd){ .file = f,
				 .addr = arg->addr,
				 .len = arg->len,
				 .datamatch = arg->datamatch,
				 .any_data = !(arg->flags & KVM_IOEVENTFD_FLAG_DATAMATCH),
				 .port = (arg->flags & KVM_IOEVENTFD_FLAG_PIO) != 0 };
	file_get(f);
	err = kvm_locked(e, add_ioeventfd(e, s));
	WRITE_ONCE(vm->serves_stores, true);
	if (err)
		free_ioeventfd(vm, s);
	return err;
}

/* e->lock is held. */
static int deassign_ioeventfd(struct kvm_vm *vm, struct kvm_eventfds *e,
			      const struct kvm_ioeventfd *arg, const struct file *f)
{
	struct ioeventfd *s, *next;

	list_for_each_safe(s, next, &e->stores, link) {
		if (s->file != f || !is_same_store(s, arg))
			continue;
		remove_ioeventfd(vm, e, s);
		return 0;
	}
	return -ENOENT;
}

int kvm_ioeventfd(struct kvm_vm *vm, const struct kvm_ioeventfd *arg)
{
	struct kvm_eventfds *e;
	struct file *f;
	int err;

	if (arg->flags & ~KVM_IOEVENTFD_VALID_FLAG_MASK || arg->addr + arg->len < arg->addr ||
	    (!arg->len && arg->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) ||
	    (arg->len && (arg->len > 8 || arg->len & (arg->len - 1))))
		return -EINVAL;
	f = get_eventfd((uint32_t)arg->fd);
	if (is_err(f))
		return (int)ptr_err(f);
	e = eventfds_of(vm);
	if (!e)
		err = -ENOMEM;
	else if (arg->flags & KVM_IOEVENTFD_FLAG_DEASSIGN)
		err = kvm_locked(e, deassign_ioeventfd(vm, e, arg, f));
	else
		err = assign_ioeventfd(vm, e, arg, f);
	file_put(f);
	return err;
}

/* Whose store @a is, with a reference, or NULL. */
static struct file *find_store(struct kvm_eventfds *e, const struct kvm_access *a)
{
	unsigned long flags = spin_lock_irqsave(&e->lookup);
	struct file *f = NULL;
	struct ioeventfd *s;

	list_for_each(s, &e->stores, link)
		if (s->addr == a->addr && !s->port &&
		    (!s->len || (s->len == a->size && (s->any_data || s->datamatch == a->value)))) {
			f = s->file;
			file_get(f);
			break;
		}
	spin_unlock_irqrestore(&e->lookup, flags);
	return f;
}

bool kvm_ioeventfd_signal(struct kvm_vm *vm, const struct kvm_access *a)
{
	struct kvm_eventfds *e = load_acquire(&vm->eventfds);
	struct file *f = e ? find_store(e, a) : NULL;

	if (!f)
		return false;
	eventfd_signal(f);
	file_put(f);
	return true;
}

/* ---- the end ---- */

void kvm_eventfds_close(struct kvm_vm *vm)
{
	struct kvm_eventfds *e = load_acquire(&vm->eventfds);
	struct irqfd *i, *next;
	struct ioeventfd *s, *then;

	if (!e)
		return;
	mutex_lock(&e->lock);
	/* There may be thousands; whoever adds or removes waits for the mutex. */
	list_for_each_safe(i, next, &e->irqfds, link) {
		remove_irqfd(e, i);
		if (!(e->nr_irqfds % 32))
			(void)give_way();
	}
	list_for_each_safe(s, then, &e->stores, link) {
		remove_ioeventfd(vm, e, s);
		if (!(e->nr_stores % 32))
			(void)give_way();
	}
	mutex_unlock(&e->lock);
}

void kvm_eventfds_free(struct kvm_vm *vm)
{
	if (!vm->eventfds)
		return;
	kvm_eventfds_close(vm);
	kvm_free(vm, vm->eventfds, sizeof(*vm->eventfds));
}
