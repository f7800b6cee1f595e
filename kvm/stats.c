/*
 * stats.c - KVM_GET_STATS_FD: a file that says what a VM's or a vcpu's guest has done, and how it
 * is to be read: a header, a name, a descriptor of each value, the values.
 *
 * Names and units are Linux's; a VM's are the sums of its vcpus'.  A run counts little for it: what
 * follows from what is counted anyway is worked out here, when the file is read.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/kvm.h"
#include "drivers/timer/timer.h"
#include "fs/anon/anon.h"
#include "fs/fdtable.h"
#include "kvm/kvm.h"
#include "lib/printf.h"
#include "lib/string.h"

#define NAME_SIZE 48 /* as Linux; readers take it from the header */

/* All that can be told. */
struct values {
	uint64_t never[KVM_WAITS]; /* no vcpu polls before it sleeps */
	uint64_t exits, hvc, wfe, wfi, mmio_user, mmio_kernel, signals, waits, wait_ns, blocking;
	uint64_t wait_hist[KVM_WAITS];
};

struct stat {
	char name[NAME_SIZE];
	uint32_t flags;
	int16_t exponent;
	uint16_t size, at; /* how many there are, and where in struct values */
};

#define STAT(name, type, unit, exponent, size, field)                                \
	{                                                                            \
		name, KVM_STATS_TYPE_##type | KVM_STATS_UNIT_##unit, exponent, size, \
			offsetof(struct values, field)                               \
	}
#define COUNT(name, field) STAT(name, CUMULATIVE, NONE, 0, 1, field)
#define TIME(name, field)  STAT(name, CUMULATIVE, SECONDS, -9, 1, field)
#define TIMES(name, field) STAT(name, LOG_HIST, SECONDS, -9, KVM_WAITS, field)

static const struct stat stats[] = {
	COUNT("halt_successful_poll", never),
	COUNT("halt_attempted_poll", never),
	COUNT("halt_poll_invalid", never),
	COUNT("halt_wakeup", waits),
	TIME("halt_poll_success_ns", never),
	TIME("halt_poll_fail_ns", never),
	TIME("halt_wait_ns", wait_ns),
	TIMES("halt_poll_success_hist", never),
	TIMES("halt_poll_fail_hist", never),
	TIMES("halt_wait_hist", wait_hist),
	STAT("blocking", INSTANT, BOOLEAN, 0, 1, blocking),
	COUNT("hvc_exit_stat", hvc),
	COUNT("wfe_exit_stat", wfe),
	COUNT("wfi_exit_stat", wfi),
	COUNT("mmio_exit_user", mmio_user),
	COUNT("mmio_exit_kernel", mmio_kernel),
	COUNT("signal_exits", signals),
	COUNT("exits", exits),
};

/*
 * Of what is counted twice, in *@all and in *@some of it, by a vcpu that may be running: the
 * others.  *@some is read first, so that it is rarely more; then there are none.
 */
static uint64_t others(const uint64_t *all, const uint64_t *some)
{
	uint64_t less = load_acquire(some), n = READ_ONCE(*all);

	return n > less ? n - less : 0;
}

static void add_values(struct values *to, struct kvm_vcpu *v)
{
	const struct kvm_waits *w = &v->waits;

	for (unsigned int i = 0; i < KVM_COUNTS; i++)
		to->exits += READ_ONCE(v->exits[i]);
	to->hvc += READ_ONCE(v->exits[ESR_EC_HVC64]);
	to->wfe += READ_ONCE(v->wfe);
	to->wfi += others(&v->exits[ESR_EC_WFX], &v->wfe);
	to->mmio_user += READ_ONCE(v->left[KVM_LEFT_MMIO]);
	/* Those that were not looked for in its memory first: the vGIC's. */
	to->mmio_kernel += others(&v->exits[ESR_EC_DABT_LOW], &v->elsewhere) + READ_ONCE(v->stores);
	to->signals += READ_ONCE(v->signals);
	to->waits += READ_ONCE(w->n);
	to->wait_ns += counter_to_ns(READ_ONCE(w->ticks));
	/* One that is off waits as well: to be turned on. */
	to->blocking |=
		wait_is_awaited(&v->parked) && READ_ONCE(v->mp_state) != KVM_MP_STATE_STOPPED;
	for (unsigned int i = 0; i < KVM_WAITS; i++)
		to->wait_hist[i] += READ_ONCE(w->hist[i]);
}

/* ---- the file ---- */

/* One read: what lies before its position is left out. */
struct reading {
	struct iter *to;
	uint64_t skip;
	long done; /* bytes, or -EFAULT */
};

static void put_part(struct reading *r, const void *part, size_t n)
{
	size_t from = min(r->skip, (uint64_t)n), want = min(n - from, r->to->left);

	r->skip -= from;
	if (r->done < 0)
		return;
	if (iter_put(r->to, (const char *)part + from, want) == want)
		r->done += (long)want;
	else
		r->done = -EFAULT;
}

static void put_all(struct reading *r, const char *id, const struct values *values)
{
	const size_t desc = sizeof(struct kvm_stats_desc) + NAME_SIZE;
	const struct kvm_stats_header h = {
		.name_size = NAME_SIZE,
		.num_desc = ARRAY_SIZE(stats),
		.id_offset = sizeof(h),
		.desc_offset = sizeof(h) + NAME_SIZE,
		.data_offset = sizeof(h) + NAME_SIZE + ARRAY_SIZE(stats) * (uint32_t)desc,
	};
	uint32_t offset = 0;

	put_part(r, &h, sizeof(h));
	put_part(r, id, NAME_SIZE);
	for (const struct stat *s = stats; s < stats + ARRAY_SIZE(stats); s++) {
		const struct kvm_stats_desc d = { .flags = s->flags,
						  .exponent = s->exponent,
						  .size = s->size,
						  .offset = offset };

		put_part(r, &d, sizeof(d));
		put_part(r, s->name, NAME_SIZE);
		offset += s->size * (uint32_t)sizeof(uint64_t);
	}
	for (const struct stat *s = stats; s < stats + ARRAY_SIZE(stats); s++)
		put_part(r, (const char *)values + s->at, s->size * sizeof(uint64_t));
}

static long read_stats(const char *id, const struct values *values, struct iter *to, uint64_t *pos)
{
	struct reading r = { .to = to, .skip = *pos };

	put_all(&r, id, values);
	if (r.done > 0)
		*pos += (uint64_t)r.done;
	return r.done;
}

static long read_vcpu(struct file *f, struct iter *to, uint64_t *pos)
{
	struct kvm_vcpu *v = f->private;
	struct values values = { .exits = 0 };
	char id[NAME_SIZE] = "";

	snprintf(id, sizeof(id), "kvm-%d/vcpu-%u", v->tid, v->id);
	add_values(&values, v);
	return read_stats(id, &values, to, pos);
}

static long read_vm(struct file *f, struct iter *to, uint64_t *pos)
{
	const struct kvm_vm *vm = f->private;
	struct values values = { .exits = 0 };
	char id[NAME_SIZE] = "";

	snprintf(id, sizeof(id), "kvm-%d", vm->tid);
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		struct kvm_vcpu *v = kvm_vcpu_find(vm, i);

		if (v)
			add_values(&values, v);
		if (!(i % 32) && give_way())
			return -EINTR;
	}
	return read_stats(id, &values, to, pos);
}

/* As Linux's: it goes nowhere, and says where it is. */
static int64_t seek(struct file *f, int64_t offset, int whence)
{
	return (int64_t)f->pos;
}

static void release_vm(struct file *f)
{
	kvm_vm_put(f->private);
}

static void release_vcpu(struct file *f)
{
	const struct kvm_vcpu *v = f->private;

	kvm_vm_put(v->vm);
}

static void vcpu_name(const struct file *f, char *buf, size_t size)
{
	const struct kvm_vcpu *v = f->private;

	snprintf(buf, size, "kvm-vcpu-stats:%u", v->id);
}

int kvm_stats_fd(struct kvm_vm *vm, struct kvm_vcpu *v)
{
	static const struct file_ops vm_ops = {
		.anon = "kvm-vm-stats", .read = read_vm, .seek = seek, .release = release_vm
	};
	static const struct file_ops vcpu_ops = { .anon = "kvm-vcpu-stats",
						  .name = vcpu_name,
						  .read = read_vcpu,
						  .seek = seek,
						  .release = release_vcpu };
	int fd = fd_reserve(0, true);
	struct file *f;

	if (fd < 0)
		return fd;
	f = v ? anon_file(&vcpu_ops, v, O_RDONLY) : anon_file(&vm_ops, vm, O_RDONLY);
	if (!is_err(f)) {
		kvm_vm_get(vm);
		f->mode |= FILE_SEEK | FILE_POS;
	}
	return fd_finish(fd, f);
}
