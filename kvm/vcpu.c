/*
 * vcpu.c - a virtual CPU: its descriptor, the page that it shares with its VMM, and what ioctl(2)
 * asks of it.
 *
 * Comes from KVM_CREATE_VCPU.  Invariant: a vcpu lives as long as its VM, its descriptor and the
 * mappings of its page hold that; its registers are looked at and changed under vcpu->lock alone.
 */
#include "abi/kvm.h"
#include "fs/anon/anon.h"
#include "fs/fdtable.h"
#include "kvm/kvm.h"
#include "kvm/seen.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/task.h"

/*
 * What it costs the kernel: the struct, struct kvm_run, its registers.  What el2/ has of it lies in
 * a chunk, which is charged by itself (kvm/el2.c).
 */
#define VCPU_CHARGE (sizeof(struct kvm_vcpu) + 2 * CHARGE_SMALL + 2 * PAGE_SIZE)

/* ---- the pages that it shares: struct kvm_run, and its VM's ring ---- */

/* They are the object's as long as it lives, which mappings may make longer than the vcpu. */
struct shared_pages {
	struct vm_object object;
	struct page *page[KVM_VCPU_PAGES];
};

static struct page *shared_page(struct vm_object *o, uint64_t index, bool create)
{
	struct page *p = container_of(o, struct shared_pages, object)->page[index];

	page_get(p);
	return p;
}

static void release_shared(struct vm_object *o)
{
	struct shared_pages *s = container_of(o, struct shared_pages, object);

	for (unsigned int i = 0; i < KVM_VCPU_PAGES; i++)
		page_put(s->page[i]);
	kfree(s);
}

static int make_run(struct kvm_vcpu *v)
{
	static const struct vm_object_ops ops = { .page = shared_page, .release = release_shared };
	struct shared_pages *s = kmalloc(sizeof(*s));
	struct page *run = page_alloc_zero(), *ring = virt_to_page(v->vm->ring);

	_Static_assert(sizeof(struct kvm_run) <= PAGE_SIZE, "one page");
	_Static_assert(KVM_COALESCED_MMIO_PAGE_OFFSET < KVM_VCPU_PAGES, "they lie in this order");
	if (!s || !run) {
		kfree(s);
		if (run)
			page_put(run);
		return -ENOMEM;
	}
	object_init(&s->object, &ops);
	s->object.size = sizeof(s->page) / sizeof(s->page[0]) * PAGE_SIZE;
	run->in_object = true;
	page_get(ring);
	s->page[0] = run;
	s->page[KVM_COALESCED_MMIO_PAGE_OFFSET] = ring;
	v->run_object = &s->object;
	v->run = page_to_virt(run);
	return 0;
}

static struct vm_object *vcpu_mmap(struct file *f, uint64_t len, bool shared)
{
	struct kvm_vcpu *v = f->private;

	object_get(v->run_object);
	return v->run_object;
}

/* ---- its life ---- */

void kvm_vcpu_free(struct kvm_vcpu *v)
{
	kvm_vgic_vcpu_free(v);
	kvm_debug_free(v);
	if (v->el2 >= 0)
		el2_vcpu_destroy(v->el2);
	if (v->ctx)
		page_put(virt_to_page(v->ctx));
	if (v->run_object)
		object_put(v->run_object);
	charge_drop(v->vm->charge, VCPU_CHARGE);
	kfree(v);
}

/* vm->lock is held. */
static struct kvm_vcpu *new_vcpu(struct kvm_vm *vm, uint64_t id)
{
	struct kvm_vcpu *v = kzalloc(sizeof(*v));
	struct page *p;
	int err;

	if (!v)
		return err_ptr(-ENOMEM);
	charge_add(vm->charge, VCPU_CHARGE);
	v->vm = vm;
	v->id = (unsigned int)id;
	v->tid = current->tid;
	v->el2 = v->cpu = v->ran_on = -1;
	v->stolen.at = KVM_NO_STOLEN;
	mutex_init(&v->lock);
	wait_init(&v->parked);
	p = page_alloc_zero();
	v->ctx = p ? page_to_virt(p) : NULL;
	err = p ? make_run(v) : -ENOMEM;
	if (!err)
		v->el2 = err = el2_vcpu_create(vm->el2, kvm_payer(vm), v->ctx);
	if (err >= 0)
		err = kvm_vgic_vcpu_new(v);
	if (!err)
		return v;
	kvm_vcpu_free(v);
	return err_ptr(err);
}

/* ---- requests ---- */

static int set_sigmask(struct kvm_vcpu *v, uptr arg)
{
	struct kvm_signal_mask m;
	uint64_t set;

	if (uptr_is_null(arg)) {
		v->has_sigmask = false;
		return 0;
	}
	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	if (m.len != sizeof(set))
		return -EINVAL;
	if (get_user(set, uptr_add(arg, sizeof(m))))
		return -EFAULT;
	v->has_sigmask = true;
	v->sigmask = set & ~(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP));
	return 0;
}

static int get_mp_state(struct kvm_vcpu *v, uptr arg)
{
	struct kvm_mp_state s = { READ_ONCE(v->mp_state) };

	return copy_to_user(arg, &s, sizeof(s)) ? -EFAULT : 0;
}

static int set_mp_state(struct kvm_vcpu *v, const struct kvm_mp_state *s)
{
	switch (s->mp_state) {
	case KVM_MP_STATE_RUNNABLE:
	case KVM_MP_STATE_STOPPED:
	case KVM_MP_STATE_SUSPENDED: WRITE_ONCE(v->mp_state, s->mp_state); return 0;
	default: return -EINVAL;
	}
}

static int get_events(struct kvm_vcpu *v, uptr arg)
{
	struct kvm_vcpu_events e = { .exception.serror_has_esr = kvm_has_ras() };

	e.exception.serror_pending = (v->ctx->hcr & HCR_VSE) != 0;
	if (e.exception.serror_pending && e.exception.serror_has_esr)
		e.exception.serror_esr = v->ctx->vsesr;
	return copy_to_user(arg, &e, sizeof(e)) ? -EFAULT : 0;
}

static int set_events(struct kvm_vcpu *v, const struct kvm_vcpu_events *e)
{
	static const struct kvm_vcpu_events none;
	bool has_esr = e->exception.serror_has_esr;

	if (memcmp(e->exception.pad, none.exception.pad, sizeof(none.exception.pad)) ||
	    memcmp(e->reserved, none.reserved, sizeof(none.reserved)))
		return -EINVAL;
	if (e->exception.serror_pending && has_esr &&
	    (!kvm_has_ras() || e->exception.serror_esr & ~(ESR_IL - 1)))
		return -EINVAL;
	if (e->exception.serror_pending)
		kvm_inject_serror(v, has_esr ? e->exception.serror_esr : KVM_SERROR_UNKNOWN);
	/* An access that the VMM was asked to serve has failed so: it is not completed. */
	if (e->exception.ext_dabt_pending) {
		v->mmio.pending = false;
		kvm_inject_data_abort(v, v->ctx->far);
	}
	return 0;
}

/* struct kvm_one_reg: two words are sooner read one by one than copied. */
static int access_one_reg(struct kvm_vcpu *v, bool set, uptr arg)
{
	uint64_t id, addr;

	if (get_user(id, arg) || get_user(addr, uptr_add(arg, offsetof(struct kvm_one_reg, addr))))
		return -EFAULT;
	/* Another has turned it on, and it has not run since: it begins with these. */
	if (unlikely(load_acquire(&v->reset.wanted)))
		kvm_reset_vcpu(v);
	return set ? kvm_set_reg(v, id, uptr_of(addr)) : kvm_get_reg(v, id, uptr_of(addr));
}

static int vcpu_attr(struct kvm_vcpu *v, uint32_t cmd, uptr arg)
{
	struct kvm_device_attr a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	switch (a.group) {
	case KVM_ARM_VCPU_TIMER_CTRL: return kvm_timer_attr(v, kvm_attr_op(cmd), &a);
	case KVM_ARM_VCPU_PVTIME_CTRL: return kvm_pvtime_attr(v, kvm_attr_op(cmd), &a);
	default: return -ENXIO;
	}
}

/* KVM_SET_GUEST_DEBUG: its argument is large for a stack that others share. */
static __attribute__((noinline)) int set_debug(struct kvm_vcpu *v, uptr arg)
{
	struct kvm_guest_debug d;

	return copy_from_user(&d, arg, sizeof(d)) ? -EFAULT : kvm_debug_set(v, &d);
}

/* Those that need KVM_ARM_VCPU_INIT first: else -ENOEXEC. */
static inline bool needs_init(uint32_t cmd)
{
	return cmd == KVM_RUN || cmd == KVM_GET_ONE_REG || cmd == KVM_SET_ONE_REG ||
	       cmd == KVM_GET_REG_LIST || cmd == KVM_ARM_VCPU_FINALIZE;
}

/* vcpu->lock is held. */
static long locked_ioctl(struct kvm_vcpu *v, uint32_t cmd, uptr arg)
{
	if (unlikely(!v->initialized) && needs_init(cmd))
		return -ENOEXEC;
	switch (cmd) {
	case KVM_RUN: return kvm_run_vcpu(v);
	case KVM_GET_ONE_REG: return access_one_reg(v, false, arg);
	case KVM_SET_ONE_REG: return access_one_reg(v, true, arg);
	case KVM_GET_REG_LIST: return kvm_get_reg_list(v, arg);
	case KVM_ARM_VCPU_INIT: return kvm_with_arg(kvm_vcpu_init, i, kvm_vcpu_init(v, &i));
	case KVM_SET_SIGNAL_MASK: return set_sigmask(v, arg);
	case KVM_GET_MP_STATE: return get_mp_state(v, arg);
	case KVM_SET_MP_STATE: return kvm_with_arg(kvm_mp_state, s, set_mp_state(v, &s));
	case KVM_GET_VCPU_EVENTS: return get_events(v, arg);
	case KVM_SET_VCPU_EVENTS: return kvm_with_arg(kvm_vcpu_events, e, set_events(v, &e));
	case KVM_SET_GUEST_DEBUG: return set_debug(v, arg);
	case KVM_SET_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_HAS_DEVICE_ATTR: return vcpu_attr(v, cmd, arg);
	/* One more case, and GET_ONE_REG is found later. */
	default: return cmd == KVM_GET_STATS_FD ? kvm_stats_fd(v->vm, v) : -EINVAL;
	}
}

static long vcpu_ioctl(struct file *f, uint32_t cmd, void *number)
{
	struct kvm_vcpu *v = f->private;
	uptr arg = uptr_of((uintptr_t)number);
	long ret;

	if (v->vm->mm != current->mm || READ_ONCE(v->vm->dead))
		return -EIO;
	if (cmd == KVM_RUN && !uptr_is_null(arg))
		return -EINVAL;
	/* Another thread may be in KVM_RUN, for as long as it likes. */
	if (!mutex_trylock(&v->lock) && mutex_lock_killable(&v->lock))
		return -EINTR;
	ret = locked_ioctl(v, cmd, arg);
	mutex_unlock(&v->lock);
	return ret;
}

static void vcpu_release(struct file *f)
{
	struct kvm_vcpu *v = f->private;

	kvm_vm_put(v->vm);
}

static void vcpu_name(const struct file *f, char *buf, size_t size)
{
	const struct kvm_vcpu *v = f->private;

	snprintf(buf, size, "kvm-vcpu:%u", v->id);
}

static const struct file_ops vcpu_fops = {
	.anon = "kvm-vcpu",
	.name = vcpu_name,
	.ioctl = vcpu_ioctl,
	.own_ioctls = KVM_IOCTLS,
	.mmap = vcpu_mmap,
	.seek = file_seek_nowhere,
	.release = vcpu_release,
};

/* vm->lock is held. */
static struct file *add_vcpu(struct kvm_vm *vm, uint64_t id)
{
	struct kvm_vcpu *v;
	struct file *f;

	/* As many as may be have been made: all that are closed count, as their ids are taken. */
	if (id >= kvm_max_vcpus(vm) || vm->nr_vcpus >= kvm_max_vcpus(vm))
		return err_ptr(-EINVAL);
	if (vm->vcpus[id])
		return err_ptr(-EEXIST);
	v = new_vcpu(vm, id);
	if (is_err(v))
		return (void *)v;
	f = anon_file(&vcpu_fops, v, O_RDWR);
	if (is_err(f)) {
		kvm_vcpu_free(v);
		return f;
	}
	kvm_vm_get(vm);
	vm->nr_vcpus++;
	/* Release: who finds it without the lock finds it whole. */
	store_release(&vm->vcpus[id], v);
	kvm_seen_vcpu(v);
	return f;
}

int kvm_vcpu_create(struct kvm_vm *vm, uint64_t id)
{
	int fd = fd_reserve(0, true);
	struct file *f;

	if (fd < 0)
		return fd;
	if (mutex_lock_killable(&vm->lock)) {
		f = err_ptr(-EINTR);
	} else {
		f = add_vcpu(vm, id);
		mutex_unlock(&vm->lock);
	}
	return fd_finish(fd, f);
}
