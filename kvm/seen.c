/*
 * seen.c - see seen.h.
 *
 * Invariant: a vcpu has KVM_SEEN in its requests as long as the trace records guests: it gets it
 * when it is made, or by kvm_trace_apply, both under vms_lock.  So a round that nobody watches
 * spends nothing on it.
 */
#include "kvm/seen.h"

#include "abi/errno.h"
#include "arm/counter.h"
#include "arm/trapframe.h"
#include "fs/sysfs/kernel.h"
#include "fs/sysfs/sysfs.h"
#include "lib/printf.h"
#include "mm/giveway.h"
#include "task/cap.h"
#include "task/process.h"
#include "task/task.h"
#include "trace/trace.h"

/* Inside it no lock is taken; outside it vm->lock may be. */
static struct mutex vms_lock = MUTEX_INIT(vms_lock);
static struct list_node vms = LIST_INIT(vms);

/* ---- the trace ---- */

static unsigned int level_of(uint64_t pstate)
{
	return pstate & PSR_nRW ? 0 : pstate >> 2 & 3;
}

/* Of a vcpu that is about to run, or has come up. */
static struct trace_guest record_of(const struct kvm_vcpu *v)
{
	struct trace_guest r = { TRACE_HEAD(GUEST, guest), .elr = v->ctx->pc, .vcpu = v->id };

	r.vm = (uint32_t)v->vm->number;
	return r;
}

/* What the instruction that trapped says more than its syndrome. */
static void add_operands(struct trace_guest *r, const struct kvm_vcpu *v)
{
	const struct el2_vcpu *c = v->ctx;
	uint64_t esr = c->esr;

	switch (ESR_EC(esr)) {
	case ESR_EC_HVC64:
	case ESR_EC_SMC64:
		r->fn = (uint32_t)c->x[0];
		r->value = c->x[1];
		break;
	case ESR_EC_SYS64:
		if (!ESR_SYS64_READ(esr))
			r->value = kvm_get_x(v, ESR_SYS64_RT(esr));
		break;
	case ESR_EC_DABT_LOW:
		if ((esr & ESR_DABT_ISV) && (esr & ESR_DABT_WnR))
			r->value = kvm_get_x(v, ESR_DABT_SRT(esr));
		/* fall through */
	case ESR_EC_IABT_LOW:
		r->far = c->far;
		r->ipa = HPFAR_IPA(c->hpfar) | (c->far & ~PAGE_MASK);
		break;
	default: break;
	}
}

enum el2_exit kvm_run_seen(struct kvm_vcpu *v)
{
	static const uint8_t slots[] = { 8, 9, 11, 8 }; /* of the vectors, by enum el2_exit */
	struct trace_guest r = record_of(v);
	uint64_t since = counter_read();
	enum el2_exit exit;
	unsigned int how;

	r.head.levels = (uint8_t)TRACE_LEVELS(2, level_of(v->ctx->pstate));
	r.head.ticks = since;
	r.did = TRACE_GUEST_ENTERS;
	trace_put_masked(&r.head);
	exit = el2_run(v->el2);
	r = record_of(v);
	r.head.levels = (uint8_t)TRACE_LEVELS(level_of(v->ctx->pstate), 2);
	/* An error of the call is more than the last of these. */
	how = min((unsigned int)exit, (unsigned int)EL2_EXIT_ILLEGAL);
	r.head.slot = slots[how];
	r.since = since;
	r.did = TRACE_GUEST_SYNC + how;
	if (exit == EL2_EXIT_SYNC)
		add_operands(&r, v);
	if (exit == EL2_EXIT_SYNC || exit == EL2_EXIT_SERROR)
		r.esr = v->ctx->esr;
	trace_put_masked(&r.head);
	return exit;
}

/* vms_lock is held. */
static void set_seen(struct kvm_vcpu *v)
{
	if (trace_on(TRACE_GUEST))
		atomic_or(&v->requests, KVM_SEEN);
	else
		atomic_and(&v->requests, ~(uint32_t)KVM_SEEN);
}

void kvm_trace_apply(void)
{
	struct kvm_vm *vm;

	mutex_lock(&vms_lock);
	list_for_each(vm, &vms, all) {
		for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
			struct kvm_vcpu *v = kvm_vcpu_find(vm, i);

			if (v)
				set_seen(v);
		}
		(void)give_way(); /* what is asked of the trace is asked of all, come what may */
	}
	mutex_unlock(&vms_lock);
}

/* ---- the list ---- */

void kvm_seen_vm(struct kvm_vm *vm)
{
	static uint64_t last;

	vm->pid = current->process->pid;
	vm->tid = current->tid;
	mutex_lock(&vms_lock);
	vm->number = ++last;
	list_add_tail(&vms, &vm->all);
	mutex_unlock(&vms_lock);
}

void kvm_seen_vcpu(struct kvm_vcpu *v)
{
	mutex_lock(&vms_lock);
	set_seen(v);
	mutex_unlock(&vms_lock);
}

void kvm_seen_gone(struct kvm_vm *vm)
{
	mutex_lock(&vms_lock);
	list_del(&vm->all);
	mutex_unlock(&vms_lock);
}

/* ---- the counts ---- */

/* The columns, and what of vcpu->exits belongs to each; what is in none is in the last. */
static const struct {
	const char *name;
	unsigned int at;
} columns[] = {
	{ "wfx", ESR_EC_WFX },
	{ "hvc", ESR_EC_HVC64 },
	{ "smc", ESR_EC_SMC64 },
	{ "sysreg", ESR_EC_SYS64 },
	{ "fp", ESR_EC_FP_ACCESS },
	{ "fetch", ESR_EC_IABT_LOW },
	{ "data", ESR_EC_DABT_LOW },
	{ "irq", KVM_COUNT(EL2_EXIT_IRQ, 0) },
	{ "serror", KVM_COUNT(EL2_EXIT_SERROR, 0) },
};

struct counts {
	uint64_t all, left, of[ARRAY_SIZE(columns)];
};

static void add_counts(struct counts *c, const struct kvm_vcpu *v)
{
	for (unsigned int i = 0; i < KVM_COUNTS; i++)
		c->all += READ_ONCE(v->exits[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(columns); i++)
		c->of[i] += READ_ONCE(v->exits[columns[i].at]);
	c->left += READ_ONCE(v->left[KVM_LEFT_MMIO]) + READ_ONCE(v->left[KVM_LEFT_OTHERS]);
}

#define LINE_MAX 400 /* each number as long as one can be */

static size_t put_names(char *line, const char *third)
{
	size_t n =
		(size_t)scnprintf(line, LINE_MAX, "%5s %7s %5s %10s", "vm", "pid", third, "exits");

	for (unsigned int i = 0; i < ARRAY_SIZE(columns); i++)
		n += (size_t)scnprintf(line + n, LINE_MAX - n, " %10s", columns[i].name);
	n += (size_t)scnprintf(line + n, LINE_MAX - n, " %10s %10s\n", "other", "to the VMM");
	return n;
}

static size_t put_counts(char *line, const struct kvm_vm *vm, unsigned int third,
			 const struct counts *c)
{
	uint64_t other = c->all;
	size_t n = (size_t)scnprintf(line, LINE_MAX, "%5lu %7d %5u %10lu", vm->number, vm->pid,
				     third, c->all);

	for (unsigned int i = 0; i < ARRAY_SIZE(columns); i++) {
		n += (size_t)scnprintf(line + n, LINE_MAX - n, " %10lu", c->of[i]);
		other -= c->of[i];
	}
	/* One that was counted between the two looks at it is not in all: no less than none. */
	n += (size_t)scnprintf(line + n, LINE_MAX - n, " %10lu %10lu\n",
			       (int64_t)other < 0 ? 0 : other, c->left);
	return n;
}

/* A text that is made in pieces: where it is, and what there is room for. */
struct table {
	char *buf;
	size_t len;
	bool each;	   /* a line for each vcpu */
	uint64_t vm;	   /* what is next: kvm_vm.number */
	unsigned int vcpu; /* of it, with @each */
};

static bool has_room(const struct table *t)
{
	return SYSFS_TEXT_MAX - t->len >= LINE_MAX;
}

static void put_vcpus(struct table *t, const struct kvm_vm *vm)
{
	for (; t->vcpu < KVM_MAX_VCPUS && has_room(t); t->vcpu++) {
		const struct kvm_vcpu *v = kvm_vcpu_find(vm, t->vcpu);
		struct counts c = { .all = 0 };

		if (!v)
			continue;
		add_counts(&c, v);
		t->len += put_counts(t->buf + t->len, vm, t->vcpu, &c);
	}
}

static void put_vm(struct table *t, const struct kvm_vm *vm)
{
	struct counts c = { .all = 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++) {
		const struct kvm_vcpu *v = kvm_vcpu_find(vm, i);

		if (!v)
			continue;
		n++;
		add_counts(&c, v);
	}
	if (n)
		t->len += put_counts(t->buf + t->len, vm, n, &c);
}

/* The VMs from t->vm on, in the order of their numbers, as far as there is room.  0 or -EINTR. */
static int put_vms(struct table *t)
{
	const struct kvm_vm *vm;

	list_for_each(vm, &vms, all) {
		if (give_way())
			return -EINTR;
		if (vm->number < t->vm)
			continue;
		/* Has the one that was next gone meanwhile? */
		if (vm->number > t->vm)
			t->vcpu = 0;
		t->vm = vm->number;
		if (!has_room(t))
			break;
		if (t->each)
			put_vcpus(t, vm);
		else
			put_vm(t, vm);
		if (t->each && t->vcpu < KVM_MAX_VCPUS)
			break;
		t->vcpu = 0;
		t->vm++;
	}
	return 0;
}

#define AT_VCPU 10 /* bits of its number, in a piece's place */

static long show_piece(void *each, uint64_t *at, char *buf)
{
	struct table t = {
		.buf = buf, .each = each, .vm = *at >> AT_VCPU, .vcpu = *at & (BIT(AT_VCPU) - 1)
	};
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!*at)
		t.len = put_names(buf, each ? "vcpu" : "vcpus");
	if (mutex_lock_killable(&vms_lock))
		return -EINTR;
	err = put_vms(&t);
	mutex_unlock(&vms_lock);
	*at = max(t.vm, UINT64_C(1)) << AT_VCPU | t.vcpu;
	return err ? err : (long)t.len;
}

static int make_files(void)
{
	static const struct sysfs_file_ops ops = { .piece = show_piece };
	struct sysfs_node *newel = sysfs_newel_dir();
	struct sysfs_node *dir = newel ? sysfs_dir(newel, "kvm") : NULL;

	if (dir && sysfs_file(dir, "exits", 0400, &ops, NULL, NULL) &&
	    sysfs_file(dir, "vcpus", 0400, &ops, dir, NULL))
		return 0;
	sysfs_remove(dir);
	return -ENOMEM;
}

void kvm_seen_init(void)
{
	sysfs_on_mount(make_files);
}
