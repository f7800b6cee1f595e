/*
 * el2.c - the kernel's side of the calls to el2/ (arm/el2call.h): from the files of kvm/ to an HVC,
 * and memory for EL2 where it has none left.
 *
 * The trace has these calls from what EL2 notes: its observer (arm/smccc.h) is not told of them.
 */
#include "abi/errno.h"
#include "arm/irqflags.h"
#include "arm/percpu.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "kvm/el2.h"
#include "kvm/vhe.h"
#include "log/printk.h"
#include "mm/charge.h"
#include "mm/giveway.h"
#include "mm/page.h"
#include "start/boot_info.h"
#include "task/process.h"
#include "task/task.h"
#include "trace/levels.h"

#define CHUNK_ORDER	     9 /* EL2_CHUNK */
#define NR_CHUNKS	     512
#define FDT_HYPERVISOR_TIMER 3 /* the binding's order of interrupts */

_Static_assert(PAGE_SIZE << CHUNK_ORDER == EL2_CHUNK, "CHUNK_ORDER");

/* What EL2 has of us, and who pays for it until it comes back. */
static struct donated {
	uint64_t pa; /* 0: none */
	struct charge *charge;
} donated[NR_CHUNKS];
static struct mutex donating = MUTEX_INIT(donating); /* donated[], and EL2's chunks with it */

static unsigned int ipa_bits; /* 0: there is no el2/, or it cannot */
static bool coherent;
static unsigned int wake_irq; /* 0: none */
static enum irq_trigger wake_trigger;
static DEFINE_PERCPU(uint32_t, guesses); /* enum el2_guesses */
static DEFINE_PERCPU(uint32_t, branches);

static int64_t hvc_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	register uint64_t x0 __asm__("x0") = fn;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;
	register uint64_t x4 __asm__("x4") = a4;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4)
			 :
			 : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
			   "x16", "x17", "memory");
	/* What EL2 noted of it: before this task records anything else. */
	trace_levels(current->tid);
	return (int64_t)x0;
}

/* The kernel is at EL2 itself: calls are no HVC. */
static inline bool is_vhe(void)
{
	return boot_info.stays_at_el2;
}

static int64_t el2_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	if (is_vhe())
		return vhe_call(fn, a1, a2, a3, a4);
	return hvc_call(fn, a1, a2, a3, a4);
}

/* ---- memory ---- */

static int donate_chunk(struct el2_payer payer)
{
	struct page *p;
	unsigned int i = 0;
	int64_t ret;

	while (i < NR_CHUNKS && donated[i].pa)
		i++;
	p = i < NR_CHUNKS ? page_alloc(CHUNK_ORDER) : NULL;
	if (!p)
		return -ENOMEM;
	ret = el2_call(EL2_DONATE, paddr_value(page_to_phys(p)), payer.user, 0, 0);
	if (ret) {
		pr_err("kvm: EL2 does not take %#lx: %ld\n", paddr_value(page_to_phys(p)),
		       (long)ret);
		page_free(p, CHUNK_ORDER);
		return -ENOMEM;
	}
	donated[i].pa = paddr_value(page_to_phys(p));
	donated[i].charge = payer.charge;
	charge_add(payer.charge, EL2_CHUNK);
	return 0;
}

static void chunk_is_back(uint64_t pa)
{
	unsigned int i = 0;

	while (donated[i].pa != pa)
		i++;
	donated[i].pa = 0;
	charge_drop(donated[i].charge, EL2_CHUNK);
	page_free(phys_to_page(paddr_of(pa)), CHUNK_ORDER);
}

/* All chunks that nothing of a guest lies in any more are ours again. */
static void reclaim_chunks(void)
{
	int64_t pa;

	mutex_lock(&donating);
	while ((pa = el2_call(EL2_RECLAIM, 0, 0, 0, 0)) > 0)
		chunk_is_back((uint64_t)pa);
	mutex_unlock(&donating);
}

/*
 * The call for a VM, which found no memory: again and again as long as EL2 needs a chunk.  That is
 * the VM's as all that it has is: whoever made it pays, as the user that he was then, whatever user
 * the task that asks has become (@payer is of KVM_CREATE_VM's time).  Other VMs of that user's may
 * lie in it too, nobody else's.  Return: its answer, or -errno.
 */
static __attribute__((noinline)) int64_t call_again(struct el2_payer payer, uint32_t fn,
						    uint64_t a1, uint64_t a2, uint64_t a3,
						    uint64_t a4)
{
	int64_t ret;
	int err;

	/* Under the lock: or another gives back the chunk that was donated for us. */
	mutex_lock(&donating);
	do {
		ret = el2_call(fn, a1, a2, a3, a4);
		err = ret == EL2_NOMEM ? donate_chunk(payer) : 0;
	} while (ret == EL2_NOMEM && !err);
	mutex_unlock(&donating);
	if (ret >= 0)
		return ret;
	return err ? err : -EINVAL;
}

/* Inline: guests' pages are mapped by it, and the rest is rare. */
static inline __attribute__((always_inline)) int64_t call_with_memory(struct el2_payer payer,
								      uint32_t fn, uint64_t a1,
								      uint64_t a2, uint64_t a3,
								      uint64_t a4)
{
	int64_t ret = el2_call(fn, a1, a2, a3, a4);

	if (likely(ret >= 0))
		return ret;
	return ret == EL2_NOMEM ? call_again(payer, fn, a1, a2, a3, a4) : -EINVAL;
}

/* ---- the calls ---- */

unsigned int el2_ipa_bits(void)
{
	return ipa_bits;
}

uint64_t el2_gic_vtr(void)
{
	return (uint64_t)el2_call(EL2_INFO, EL2_INFO_VTR, 0, 0, 0);
}

bool el2_is_coherent(void)
{
	return coherent;
}

int el2_vm_create(unsigned int bits, struct el2_payer payer)
{
	return (int)call_with_memory(payer, EL2_VM_CREATE, bits, payer.user, 0, 0);
}

void el2_vm_destroy(int vm)
{
	int64_t ret;

	/* Its tables may be thousands. */
	while ((ret = el2_call(EL2_VM_DESTROY, (uint64_t)vm, 0, 0, 0)) > 0)
		(void)give_way();
	if (ret)
		pr_err("kvm: EL2 keeps VM %d: %ld\n", vm, (long)ret);
	reclaim_chunks();
}

int el2_vcpu_create(int vm, struct el2_payer payer, struct el2_vcpu *page)
{
	return (int)call_with_memory(payer, EL2_VCPU_CREATE, (uint64_t)vm,
				     paddr_value(virt_to_phys(page)), 0, 0);
}

void el2_vcpu_destroy(int vcpu)
{
	int64_t ret = el2_call(EL2_VCPU_DESTROY, (uint64_t)vcpu, 0, 0, 0);

	if (ret)
		pr_err("kvm: EL2 keeps vcpu %d: %ld\n", vcpu, (long)ret);
}

enum el2_exit el2_run(int vcpu)
{
	register uint64_t x0 __asm__("x0") = (uint64_t)vcpu;

	if (is_vhe())
		return vhe_run(vcpu);
	__asm__ volatile("hvc %1"
			 : "+r"(x0)
			 : "i"(EL2_RUN_IMM)
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "cc", "memory");
	return (enum el2_exit)(int64_t)x0;
}

int el2_map(int vm, struct el2_payer payer, uint64_t ipa, uint64_t pa, uint64_t size,
	    uint64_t flags)
{
	return (int)call_with_memory(payer, EL2_MAP, (uint64_t)vm, ipa, pa, size | flags);
}

/* EL2 does a bounded part at once: the rest needs more calls. */
static void call_for_range(uint32_t fn, int vm, uint64_t ipa, uint64_t size)
{
	for (int64_t done; size; ipa += (uint64_t)done, size -= (uint64_t)done) {
		done = el2_call(fn, (uint64_t)vm, ipa, size, 0);
		if (done <= 0) {
			pr_err("kvm: EL2 refuses a range of VM %d: %ld\n", vm, (long)done);
			return;
		}
		(void)give_way(); /* also for who is to die: what is unmapped must be */
	}
}

void el2_unmap(int vm, uint64_t ipa, uint64_t size)
{
	call_for_range(EL2_UNMAP, vm, ipa, size);
}

void el2_protect(int vm, uint64_t ipa, uint64_t size)
{
	call_for_range(EL2_PROTECT, vm, ipa, size);
}

/* ---- at boot ---- */

/* The run ends by it; what there is to do then is told by the host's own timer. */
static void wake_interrupt(void *arg)
{
}

/* On a core without it a guest that never leaves would have it for good. */
void el2_init_cpu(void)
{
	if (is_vhe())
		vhe_init_cpu(false);
	else if (wake_irq)
		irq_enable_ppi(wake_irq, wake_trigger);
	if (ipa_bits && this_cpu(guesses) != EL2_GUESSES_ALONE)
		(void)el2_call(EL2_GUESSES, this_cpu(guesses), this_cpu(branches), 0, 0);
}

void el2_guesses(enum el2_guesses how, uint32_t n)
{
	this_cpu(guesses) = how;
	this_cpu(branches) = n;
}

/* The host's own timer, of EL2 or of EL1, ends a run: where it is a guest's, there is another. */
static int init_wake_irq(void)
{
	int node = device_find(-1, "arm,armv8-timer"), irq, err;

	if (node < 0)
		return -ENODEV;
	irq = irq_from_fdt(device_tree(), node, FDT_HYPERVISOR_TIMER, &wake_trigger);
	if (irq < 0)
		return -ENODEV;
	err = irq_request((unsigned int)irq, wake_trigger, wake_interrupt, NULL, "hyp_timer");
	if (!err)
		wake_irq = (unsigned int)irq;
	return err;
}

int el2_init(void)
{
	int err = 0;

	if (ipa_bits)
		return 0;
	if (is_vhe())
		vhe_init_cpu(true);
	else if (!boot_has_el2(&boot_info) ||
		 el2_call(EL2_INFO, EL2_INFO_VERSION, 0, 0, 0) != EL2_CALLS_VERSION)
		return -ENODEV;
	else
		err = init_wake_irq();
	if (err)
		return err;
	coherent = el2_call(EL2_INFO, EL2_INFO_COHERENT, 0, 0, 0) > 0;
	ipa_bits = (unsigned int)el2_call(EL2_INFO, EL2_INFO_IPA_BITS, 0, 0, 0);
	return 0;
}
