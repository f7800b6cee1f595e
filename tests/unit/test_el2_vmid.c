/*
 * test_el2_vmid.c - el2/vmid.c: more VMs than there are VMIDs, on cores that are threads.
 *
 * What a VMID left in a TLB is modelled here: QEMU's TLBs are empty after each change of VMID in
 * VTTBR_EL2, so that no guest under it would find another's.
 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include "arm/barrier.h"

/* Who waits for a lock lets its holder go on. */
#undef cpu_relax
#define cpu_relax() sched_yield()

/* What READ_SYSREG reads here; nothing asks for them. */
static uint64_t shim_id_aa64isar1_el1, shim_S3_0_C0_C6_2, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;

#include "el2/pool.h"

/* What another core does just there, between two steps of vmid.c's; once. */
static void (*meanwhile)(void);

static void let_other(void)
{
	void (*other)(void) = meanwhile;

	meanwhile = NULL;
	if (other)
		other();
}

#undef dmb
#define dmb(domain) let_other(), __atomic_thread_fence(__ATOMIC_SEQ_CST)
#undef atomic_cmpxchg
#define atomic_cmpxchg(p, old, v) \
	(let_other(),             \
	 __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))

#include "el2/vmid.c"

#define VMS   300
#define VCPUS 2 /* of each */
#define RUNS  20000

struct el2_lock el2_memory_lock;
struct el2_chunk el2_chunks[NR_CHUNKS];
uint8_t el2_page_holds[NR_CHUNKS * CHUNK_PAGES];

static struct el2_vm vms[VMS];
static struct el2_vcpu_own vcpus[VMS][VCPUS];
static unsigned int flushes;
static struct el2_vm *left_in_tlb[VMIDS]; /* whose translations; atomic */

static uint32_t vmid_of(const struct el2_vm *vm)
{
	return (uint32_t)(READ_ONCE(vm->regime.vttbr) >> VTTBR_VMID_SHIFT);
}

/* The VM has its VMID still, and is not to come back with it unseen. */
void el2_tlb_forget(struct el2_table *t, uint64_t ipa, uint64_t size)
{
	struct el2_vm *vm = t->arg;

	assert_int_equal(size, SYSREG_BIT(40));
	assert_int_not_equal(vmid_of(vm), 0);
	assert_false(runs_anywhere(vm));
	for (unsigned int i = 0; i < MPIDR_SLOTS; i++)
		assert_int_equal(vm->last[i], 0);
	WRITE_ONCE(left_in_tlb[vmid_of(vm)], NULL);
	flushes++;
}

static int make_vms(void **state)
{
	uint32_t handle = 1;

	__builtin_memset(vms, 0, sizeof(vms));
	__builtin_memset(vm_of, 0, sizeof(vm_of));
	__builtin_memset(left_in_tlb, 0, sizeof(left_in_tlb));
	taken_last = flushes = 0;
	for (unsigned int i = 0; i < VMS; i++) {
		vms[i].table = (struct el2_table){ .arg = &vms[i], .input_bits = 40 };
		for (unsigned int j = 0; j < VCPUS; j++) {
			vcpus[i][j] = (struct el2_vcpu_own){ &vms[i], NULL, vms[i].vcpus, handle };
			vms[i].vcpus = &vcpus[i][j];
			el2_page_holds[handle++] = EL2_VCPU;
		}
		el2_vmid_set(&vms[i], el2_vmid_free());
	}
	return 0;
}

/* As el2/run.c begins a run; false: another core has that vcpu. */
static bool begin_run(unsigned int core, struct el2_vcpu_own *v)
{
	uint32_t *last = &v->vm->last[core];

	if (!el2_vcpu_claim(v->handle))
		return false;
	if (load_acquire(last) != v->handle)
		el2_vmid_hold(v->vm, last, v->handle);
	return true;
}

static void end_run(struct el2_vcpu_own *v)
{
	el2_set_held(v->handle, EL2_VCPU);
}

static void run_once(unsigned int vm, unsigned int vcpu)
{
	assert_true(begin_run(0, &vcpus[vm][vcpu]));
	assert_int_not_equal(vmid_of(&vms[vm]), 0);
	assert_int_equal(vms[vm].last[0], vcpus[vm][vcpu].handle);
	end_run(&vcpus[vm][vcpu]);
}

/* ---- tests ---- */

static void test_in_turn(void **state)
{
	for (uint32_t i = 0; i < VMS; i++)
		assert_int_equal(vmid_of(&vms[i]), i < VMIDS - 1 ? i + 1 : 0);
	/* One after the other loses its own, from the first on. */
	for (unsigned int i = VMIDS - 1; i < VMS; i++) {
		unsigned int from = i - (VMIDS - 1);

		run_once(i, 0);
		assert_int_equal(vmid_of(&vms[i]), from + 1);
		assert_int_equal(vmid_of(&vms[from]), 0);
		assert_ptr_equal(vm_of[from + 1], &vms[i]);
	}
	assert_int_equal(flushes, VMS - (VMIDS - 1));
	/* Who has lost one takes the next one, not that from who has it now. */
	run_once(0, 0);
	assert_int_equal(vmid_of(&vms[0]), VMS - (VMIDS - 1) + 1);
	/* One that a VM left behind is taken before any other's. */
	el2_vmid_drop(&vms[200]);
	run_once(1, 0);
	assert_int_equal(vmid_of(&vms[1]), 201);
	assert_int_equal(flushes, VMS - (VMIDS - 1) + 1);
}

/* Who runs keeps it, and does not come for the lock at the next run. */
static void test_passed_over(void **state)
{
	const unsigned int loser = 7;

	for (unsigned int i = 0; i < VMIDS - 1; i++)
		if (i != loser)
			assert_true(begin_run(0, &vcpus[i][1]));
	run_once(VMIDS - 1, 0);
	assert_int_equal(vmid_of(&vms[VMIDS - 1]), loser + 1);
	assert_int_equal(vmid_of(&vms[loser]), 0);
	for (unsigned int i = 0; i < VMIDS - 1; i++) {
		uint32_t locked = el2_memory_lock.next;

		if (i == loser)
			continue;
		end_run(&vcpus[i][1]);
		assert_int_equal(vmid_of(&vms[i]), i + 1);
		run_once(i, 1);
		assert_int_equal(el2_memory_lock.next, locked);
	}
}

/* Another vcpu of the VM takes no lock; where last[] was cleared, one looks under it. */
static void test_hold(void **state)
{
	uint32_t locked = el2_memory_lock.next;

	run_once(3, 0);
	assert_int_equal(el2_memory_lock.next, ++locked);
	run_once(3, 1);
	run_once(3, 0);
	assert_int_equal(el2_memory_lock.next, locked);
	vms[3].last[0] = 0;
	run_once(3, 0);
	assert_int_equal(el2_memory_lock.next, ++locked);
	assert_int_equal(vmid_of(&vms[3]), 4);
	assert_int_equal(flushes, 0);
}

/* ---- what comes between two looks ---- */

#define LOSER (VMIDS - 1) /* has none */

static void begin_first(void)
{
	*el2_holds_of(vcpus[0][0].handle) = EL2_VCPU_RUNS;
}

/* It had looked for none that runs, and cleared last[]: then one does. */
static void test_runs_meanwhile(void **state)
{
	run_once(0, 0);
	meanwhile = begin_first;
	run_once(LOSER, 0);
	assert_int_equal(vmid_of(&vms[0]), 1);
	assert_int_equal(vmid_of(&vms[LOSER]), 2);
	assert_int_equal(vms[0].last[0], 0);
	end_run(&vcpus[0][0]);
	run_once(0, 0);
	assert_int_equal(vmid_of(&vms[0]), 1);
}

static void clear_first(void)
{
	vms[0].last[0] = 0;
}

/* It has seen that another vcpu ran here last; then who had looked before it clears last[]. */
static void test_cleared_meanwhile(void **state)
{
	uint32_t locked;

	run_once(0, 0);
	locked = el2_memory_lock.next;
	meanwhile = clear_first;
	run_once(0, 1);
	assert_null(meanwhile);
	assert_int_equal(el2_memory_lock.next, locked + 1);
	assert_int_equal(vmid_of(&vms[0]), 1);
}

/* ---- cores ---- */

static unsigned int below(unsigned int *seed, unsigned int n)
{
	return (unsigned int)rand_r(seed) / 7 % n;
}

static void *run_core(void *number)
{
	unsigned int core = (unsigned int)(uintptr_t)number, seed = core;

	for (unsigned int i = 0; i < RUNS; i++) {
		/* Some run often, and on several cores at once. */
		unsigned int vm = below(&seed, below(&seed, 2) ? 8 : VMS);
		struct el2_vcpu_own *v = &vcpus[vm][below(&seed, VCPUS)];
		uint32_t vmid;

		if (!begin_run(core, v))
			continue;
		vmid = vmid_of(v->vm);
		assert_int_not_equal(vmid, 0);
		for (unsigned int j = 0; j < 3; j++) {
			struct el2_vm *whose = READ_ONCE(left_in_tlb[vmid]);

			assert_true(!whose || whose == v->vm);
			WRITE_ONCE(left_in_tlb[vmid], v->vm);
			if (!below(&seed, 64))
				sched_yield();
			assert_int_equal(vmid_of(v->vm), vmid);
		}
		end_run(v);
	}
	return NULL;
}

static void test_cores(void **state)
{
	pthread_t core[MPIDR_SLOTS];

	for (uintptr_t i = 0; i < MPIDR_SLOTS; i++)
		assert_int_equal(pthread_create(&core[i], NULL, run_core, (void *)i), 0);
	for (unsigned int i = 0; i < MPIDR_SLOTS; i++)
		pthread_join(core[i], NULL);
	assert_true(flushes > RUNS / 10);
	for (uint32_t vmid = 1; vmid < VMIDS; vmid++)
		assert_int_equal(vmid_of(vm_of[vmid]), vmid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_turn, make_vms),
		cmocka_unit_test_setup(test_passed_over, make_vms),
		cmocka_unit_test_setup(test_hold, make_vms),
		cmocka_unit_test_setup(test_runs_meanwhile, make_vms),
		cmocka_unit_test_setup(test_cleared_meanwhile, make_vms),
		cmocka_unit_test_setup(test_cores, make_vms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
