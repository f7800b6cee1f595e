/*
 * guest.c - newel.test=guest: EL2's side of virtual machines (el2/, arm/el2call.h) by itself, with
 * guests of a few instructions: what ends a run, what it leaves behind, and what EL2 refuses.
 *
 * Where the kernel is at EL2 itself (newel.el2=vhe) no wall stands between the two: what would only
 * show that one does is left out.
 */
#include "selftest/selftest.h"

#include "abi/errno.h"
#include "arm/counter.h"
#include "arm/el2call.h"
#include "arm/irqflags.h"
#include "arm/level_calls.h"
#include "drivers/irq.h"
#include "kvm/el2.h"
#include "kvm/vhe.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/modarea.h"
#include "mm/page.h"
#include "start/boot_info.h"

#define USER		  ((struct el2_payer){ .user = 0 })
#define CODE		  UL(0x10000) /* guest addresses */
#define DATA		  UL(0x20000)
#define NOWHERE		  UL(0x7654000)
#define BLOCK		  UL(0x40000000)
#define IPA_BITS	  40
#define ROUNDS		  1000
#define TABLES		  100
#define VIRTUAL_TIMER	  27 /* PPI, of EL1; else only the host's own is enabled */

/* What the guests do, one after another in a page: each begins where guest_NAME is. */
#define GUEST(name, code) "guest_" #name ":\n" code
__asm__(".pushsection .rodata\n.balign 8\nguest_code:\n"			//
	GUEST(hvc, "	hvc #0\n	add x0, x0, #1\n	b guest_hvc\n") //
	GUEST(loop, "	add x0, x0, #1\n	b guest_loop\n")		//
	GUEST(load, "	ldr x0, [x1]\n	hvc #2\n")				//
	GUEST(store, "	str x0, [x1]\n	hvc #3\n")				//
	GUEST(fetch, "	br x1\n")						//
	GUEST(fp, "	.inst 0x1e604000\n	hvc #4\n") /* fmov d0, d0 */	//
	GUEST(wfi, "	wfi\n")							//
	GUEST(smc, "	smc #5\n")						//
	GUEST(id, "	mrs x0, id_aa64pfr0_el1\n")				//
	GUEST(registers,
	      "	mrs x0, mpidr_el1\n	mrs x1, midr_el1\n"			   //
	      "	msr tpidr_el1, x2\n	msr tpidr_el0, x2\n	msr sp_el0, x2\n"  //
	      "	msr vbar_el1, x2\n	msr ttbr0_el1, x2\n	msr far_el1, x2\n" //
	      "	msr contextidr_el1, x2\n	mov sp, x2\n	hvc #6\n")	   //
	GUEST(timer, "	mrs x0, cntvct_el0\n	msr cntv_cval_el0, x1\n"	   //
		     "	mov x2, #1\n	msr cntv_ctl_el0, x2\n1:	b 1b\n")   //
	GUEST(cntp, "	mrs x0, cntp_ctl_el0\n")				   //
	GUEST(debug, "	msr dbgbvr0_el1, x0\n")					   //
	"guest_code_end:\n.popsection\n");

extern const char guest_code[], guest_code_end[], guest_hvc[], guest_loop[], guest_load[],
	guest_store[], guest_fetch[], guest_fp[], guest_wfi[], guest_smc[], guest_id[],
	guest_registers[], guest_timer[], guest_cntp[], guest_debug[];

static unsigned int asked, wrong;
static int vm, vcpu;
static struct el2_vcpu *page;

static void check(bool is_right, const char *what, uint64_t a, uint64_t b)
{
	asked++;
	if (is_right)
		return;
	wrong++;
	pr_err("guest: %s: %#lx %#lx\n", what, a, b);
}

static void check_is(const char *what, uint64_t value, uint64_t wanted)
{
	check(value == wanted, what, value, wanted);
}

static struct page *new_page(void)
{
	struct page *p = page_alloc_zero();

	if (!p)
		panic("newel.test: no memory for a page");
	return p;
}

static uint64_t page_pa(struct page *p)
{
	return paddr_value(page_to_phys(p));
}

/* Until it is the guest's own doing that ends it: the host's interrupts are taken in between. */
static enum el2_exit run(void)
{
	enum el2_exit exit;

	do {
		unsigned long flags = irq_save();

		exit = el2_run(vcpu);
		irq_restore(flags);
	} while (exit == EL2_EXIT_IRQ);
	return exit;
}

static enum el2_exit run_from(const char *routine)
{
	page->pc = CODE + (uint64_t)(routine - guest_code);
	return run();
}

static enum el2_exit run_once_from(const char *routine)
{
	page->pc = CODE + (uint64_t)(routine - guest_code);
	return el2_run(vcpu);
}

static void check_sync(const char *what, const char *routine, unsigned int ec, uint64_t after)
{
	check_is(what, run_from(routine), EL2_EXIT_SYNC);
	check_is(what, ESR_EC(page->esr), ec);
	check_is(what, page->pc, CODE + (uint64_t)(routine - guest_code) + after);
}

/* ---- a VM with a vcpu, and its end ---- */

static struct page *vcpu_page;

static void make_vm(void)
{
	vm = el2_vm_create(IPA_BITS, USER);
	vcpu_page = new_page();
	page = page_to_virt(vcpu_page);
	vcpu = vm < 0 ? vm : el2_vcpu_create(vm, USER, page);
	if (vcpu < 0)
		panic("newel.test: no VM: %d", vcpu);
	page->pstate = PSR_DAIF | PSR_MODE_EL1h;
	page->sys[EL2_SCTLR] = SCTLR_EL1_OFF;
	page->sys[EL2_CPACR] = CPACR_FPEN_NONE;
	page->mpidr = UINT64_C(0x80000042);
}

static void end_vm(void)
{
	el2_unmap(vm, 0, BIT(IPA_BITS));
	el2_vcpu_destroy(vcpu);
	el2_vm_destroy(vm);
	page_free(vcpu_page, 0);
}

static void map_guest_page(uint64_t ipa, struct page *p, uint64_t flags)
{
	check_is("map", el2_map(vm, USER, ipa, page_pa(p), EL2_PAGE, flags), 0);
}

/* ---- what ends a run ---- */

static void ask_instructions(void)
{
	page->x[0] = 7;
	check_sync("hvc", guest_hvc, ESR_EC_HVC64, 4);
	check_is("hvc again", run(), EL2_EXIT_SYNC);
	check_is("x0", page->x[0], 8);
	check_sync("FP", guest_fp, 0x07, 0);
	page->flags = EL2_RUN_FP;
	check_sync("FP that is its own", guest_fp, ESR_EC_HVC64, 8);
	page->flags = 0;
	check_sync("wfi", guest_wfi, ESR_EC_WFX, 0);
	check_sync("smc", guest_smc, ESR_EC_SMC64, 0);
	check_sync("ID register", guest_id, ESR_EC_SYS64, 0);
	check_sync("physical timer", guest_cntp, ESR_EC_SYS64, 0);
	check_sync("breakpoint register", guest_debug, ESR_EC_SYS64, 0);
}

static void ask_states(void)
{
	static const uint64_t refused[] = {
		PSR_MODE_EL2h, PSR_MODE_EL2t, 0xd, 0xc, 0x1, 0x6, PSR_nRW | 3, PSR_nRW | 0xa
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		page->pstate = PSR_DAIF | refused[i];
		check_is("a mode above", run_from(guest_hvc), EL2_EXIT_ILLEGAL);
	}
	page->pstate = PSR_DAIF | PSR_MODE_EL1h;
}

static uint64_t host_state(void)
{
	return READ_SYSREG(tpidr_el1) ^ READ_SYSREG(ttbr0_el1) ^ READ_SYSREG(ttbr1_el1) ^
	       READ_SYSREG(vbar_el1) ^ READ_SYSREG(sctlr_el1) ^ READ_SYSREG(tcr_el1) ^
	       READ_SYSREG(tpidr_el0) ^ READ_SYSREG(sp_el0) ^ READ_SYSREG(contextidr_el1) ^
	       READ_SYSREG(mair_el1) ^ READ_SYSREG(cpacr_el1) ^ READ_SYSREG(cntkctl_el1) ^
	       READ_SYSREG(mpidr_el1) ^ READ_SYSREG(midr_el1) ^ READ_SYSREG(mdscr_el1);
}

static void ask_registers(void)
{
	static const enum el2_reg set[] = { EL2_TPIDR, EL2_TPIDR_EL0, EL2_SP_EL0,     EL2_VBAR,
					    EL2_TTBR0, EL2_FAR,	      EL2_CONTEXTIDR, EL2_SP_EL1 };
	uint64_t before = host_state();

	for (unsigned int i = 0; i < 31; i++)
		page->x[i] = 0x100 + i;
	page->x[2] = 0x5a5a800;
	check_sync("registers", guest_registers, ESR_EC_HVC64, 11 * 4);
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		check_is("a register of EL1", page->sys[set[i]], 0x5a5a800);
	for (unsigned int i = 3; i < 31; i++)
		check_is("a general register", page->x[i], 0x100 + i);
	check_is("MPIDR_EL1", page->x[0], page->mpidr);
	check_is("MIDR_EL1", page->x[1], READ_SYSREG(midr_el1));
	check_is("the host's registers", host_state(), before);
}

/* ---- its memory ---- */

static void check_abort(const char *what, const char *routine, unsigned int ec, unsigned int fsc,
			uint64_t ipa)
{
	page->x[1] = ipa;
	check_is(what, run_from(routine), EL2_EXIT_SYNC);
	check_is(what, ESR_EC(page->esr), ec);
	check_is(what, ESR_FSC_TYPE(page->esr), fsc);
	check_is(what, page->hpfar << 8, ALIGN_DOWN(ipa, PAGE_SIZE));
	check_is(what, page->far, ipa);
}

static void ask_pages(void)
{
	struct page *p = new_page(), *other = new_page();
	uint64_t *word = page_to_virt(p);

	check_abort("load", guest_load, ESR_EC_DABT_LOW, ESR_FSC_TRANSLATION, NOWHERE + 8);
	check_abort("store", guest_store, ESR_EC_DABT_LOW, ESR_FSC_TRANSLATION, NOWHERE + 16);
	check_abort("fetch", guest_fetch, ESR_EC_IABT_LOW, ESR_FSC_TRANSLATION, NOWHERE);
	word[1] = 0x1234;
	map_guest_page(NOWHERE, p, 0);
	page->x[1] = NOWHERE + 8;
	check_sync("load of what is mapped", guest_load, ESR_EC_HVC64, 8);
	check_is("what was loaded", page->x[0], 0x1234);
	check_abort("store to what is read only", guest_store, ESR_EC_DABT_LOW, ESR_FSC_PERMISSION,
		    NOWHERE + 8);
	check_abort("fetch of what is data", guest_fetch, ESR_EC_IABT_LOW, ESR_FSC_PERMISSION,
		    NOWHERE);
	map_guest_page(NOWHERE, p, EL2_MAP_WRITE);
	page->x[0] = 0x4321;
	page->x[1] = NOWHERE + 8;
	check_sync("store", guest_store, ESR_EC_HVC64, 8);
	check_is("what was stored", word[1], 0x4321);
	el2_protect(vm, NOWHERE, PAGE_SIZE);
	check_abort("store after protect", guest_store, ESR_EC_DABT_LOW, ESR_FSC_PERMISSION,
		    NOWHERE + 8);
	map_guest_page(NOWHERE, other, EL2_MAP_WRITE);
	page->x[1] = NOWHERE + 8;
	check_sync("load of another page", guest_load, ESR_EC_HVC64, 8);
	check_is("what is in it", page->x[0], 0);
	el2_unmap(vm, NOWHERE, PAGE_SIZE);
	check_abort("load after unmap", guest_load, ESR_EC_DABT_LOW, ESR_FSC_TRANSLATION,
		    NOWHERE + 8);
	page_free(p, 0);
	page_free(other, 0);
}

/* A block, pages in its place, and the block again. */
static void ask_blocks(void)
{
	struct page *b = page_alloc(9);
	uint64_t *word;

	if (!b)
		panic("newel.test: no memory for a block");
	word = page_to_virt(b);
	word[3 * 512] = 0x77;
	check_is("block", el2_map(vm, USER, BLOCK, page_pa(b), EL2_BLOCK, 0), 0);
	page->x[1] = BLOCK + 3 * PAGE_SIZE;
	check_sync("load of a block", guest_load, ESR_EC_HVC64, 8);
	check_is("what is in it", page->x[0], 0x77);
	check_is("page", el2_map(vm, USER, BLOCK + PAGE_SIZE, page_pa(b), EL2_PAGE, 0), 0);
	check_abort("the rest went", guest_load, ESR_EC_DABT_LOW, ESR_FSC_TRANSLATION,
		    BLOCK + 3 * PAGE_SIZE);
	check_is("block again", el2_map(vm, USER, BLOCK, page_pa(b), EL2_BLOCK, EL2_MAP_WRITE), 0);
	page->x[1] = BLOCK + 3 * PAGE_SIZE;
	check_sync("load of it", guest_load, ESR_EC_HVC64, 8);
	el2_unmap(vm, BLOCK + 5 * PAGE_SIZE, PAGE_SIZE);
	check_abort("of a block all goes", guest_load, ESR_EC_DABT_LOW, ESR_FSC_TRANSLATION,
		    BLOCK + 3 * PAGE_SIZE);
	page_free(b, 9);
}

/* ---- interrupts and timers ---- */

static void ask_timers(void)
{
	unsigned long flags = irq_save();
	uint64_t now = 0, ctl, cval;

	ctl = READ_SYSREG(cntv_ctl_el0);
	cval = READ_SYSREG(cntv_cval_el0);
	page->x[0] = 0;
	/* Its length is that of the host's deadline, which may pass before it begins. */
	for (unsigned int i = 0; i < 100 && !page->x[0]; i++) {
		now = counter_read();
		WRITE_SYSREG(cntv_cval_el0, now + counter_hz() / 1000);
		WRITE_SYSREG(cntv_ctl_el0, CNT_CTL_ENABLE);
		isb();
		check_is("endless loop", run_once_from(guest_loop), EL2_EXIT_IRQ);
	}
	check(page->x[0] > 0, "the loop ran", page->x[0], 0);
	check(counter_read() - now >= counter_hz() / 1000, "the host's deadline", counter_read(),
	      now);
	check_is("the host's timer", READ_SYSREG(cntv_cval_el0), now + counter_hz() / 1000);
	check_is("its control", READ_SYSREG(cntv_ctl_el0) & 3, CNT_CTL_ENABLE);
	WRITE_SYSREG(cntv_ctl_el0, 0);
	/* And the guest's own: its counter is behind. */
	page->cntvoff = counter_read();
	page->x[1] = counter_hz() / 1000;
	check_is("the guest's deadline", run_once_from(guest_timer), EL2_EXIT_IRQ);
	check(page->x[0] < counter_hz(), "CNTVOFF_EL2", page->x[0], 0);
	check_is("the guest's timer", page->cntv_ctl, 5); /* ENABLE, ISTATUS */
	check_is("the host's, off", READ_SYSREG(cntv_ctl_el0) & 1, 0);
	page->cntvoff = page->cntv_ctl = 0;
	WRITE_SYSREG(cntv_cval_el0, cval);
	WRITE_SYSREG(cntv_ctl_el0, ctl);
	irq_restore(flags);
}

/* ---- what is refused ---- */

static int64_t call_el2(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	if (boot_info.stays_at_el2)
		return vhe_call(fn, a1, a2, a3, 0);
	return (int64_t)smccc_hvc(fn, a1, a2, a3).x0;
}

struct call {
	uint32_t fn;
	uint64_t a1, a2, a3;
	int64_t answer;
};

static void ask_calls(const char *what, const struct call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t answer = call_el2(calls[i].fn, calls[i].a1, calls[i].a2, calls[i].a3);

		check(answer == calls[i].answer, what, i, (uint64_t)answer);
	}
}

static void ask_refusals(void)
{
	struct page *p = new_page();
	const struct call calls[] = {
		{ EL2_INFO, 77, 0, 0, EL2_INVALID },
		{ EL2_DONATE, page_pa(vcpu_page), 0, 0, EL2_INVALID },
		{ EL2_RECLAIM, 0, 0, 0, EL2_INVALID },
		{ EL2_VM_CREATE, 31, 0, 0, EL2_INVALID },
		{ EL2_VM_CREATE, 64, 0, 0, EL2_INVALID },
		{ EL2_VM_CREATE, IPA_BITS, UINT32_MAX, 0, EL2_INVALID },
		{ EL2_VM_DESTROY, (uint64_t)vm, 0, 0, EL2_BUSY },
		{ EL2_VM_DESTROY, (uint64_t)vcpu, 0, 0, EL2_INVALID },
		{ EL2_VM_DESTROY, 0, 0, 0, EL2_INVALID },
		{ EL2_VM_DESTROY, UINT64_MAX, 0, 0, EL2_INVALID },
		{ EL2_VCPU_CREATE, (uint64_t)vcpu, page_pa(p), 0, EL2_INVALID },
		{ EL2_VCPU_CREATE, (uint64_t)vm, page_pa(p) + 8, 0, EL2_INVALID },
		{ EL2_VCPU_DESTROY, (uint64_t)vm, 0, 0, EL2_INVALID },
		{ EL2_VCPU_DESTROY, BIT(18), 0, 0, EL2_INVALID },
		{ EL2_UNMAP, (uint64_t)vm, 0, 0, EL2_INVALID },
		{ EL2_UNMAP, (uint64_t)vm, 1, PAGE_SIZE, EL2_INVALID },
		{ EL2_UNMAP, (uint64_t)vm, BIT(IPA_BITS), PAGE_SIZE, EL2_INVALID },
		{ EL2_UNMAP, (uint64_t)vm, PAGE_SIZE, BIT(IPA_BITS), EL2_INVALID },
		{ EL2_UNMAP, (uint64_t)vm, PAGE_SIZE, -PAGE_SIZE, EL2_INVALID },
		{ EL2_PROTECT, (uint64_t)vcpu, 0, PAGE_SIZE, EL2_INVALID },
		{ EL2_FLUSH, 3, 0, 0, EL2_INVALID },
		{ EL2_FLUSH, (uint64_t)vm, 0, 0, 0 },
	};

	ask_calls("call", calls, ARRAY_SIZE(calls));
	check_is("map of a part", el2_map(vm, USER, 8, page_pa(p), EL2_PAGE, 0), -EINVAL);
	check_is("map of part of a page", el2_map(vm, USER, 0, page_pa(p) + 8, EL2_PAGE, 0),
		 -EINVAL);
	check_is("map of two pages", el2_map(vm, USER, 0, page_pa(p), 2 * EL2_PAGE, 0), -EINVAL);
	check_is("map beyond", el2_map(vm, USER, BIT(IPA_BITS), page_pa(p), EL2_PAGE, 0), -EINVAL);
	check_is("map of what is beyond", el2_map(vm, USER, 0, BIT(50), EL2_PAGE, 0), -EINVAL);
	check_is("map for no VM", el2_map(vcpu, USER, 0, page_pa(p), EL2_PAGE, 0), -EINVAL);
	check_is("run of a VM", (int)el2_run(vm), EL2_INVALID);
	check_is("run of nothing", (int)el2_run(-1), EL2_INVALID);
	page_free(p, 0);
}

/*
 * What is not the host's to give.  What EL2 clears for modules is its own to see already: as a
 * chunk it would lose what it keeps there, as a vcpu's page it would lose the way to it.
 */
static void ask_wall(void)
{
	uint64_t block = ALIGN_DOWN(page_pa(vcpu_page), EL2_CHUNK);
	uint64_t arena = paddr_value(modarea_freeze()); /* no module is loaded yet */
	const struct call calls[] = {
		{ EL2_DONATE, 0, 0, 0, EL2_INVALID },
		{ EL2_DONATE, block, 0, 0, block ? EL2_BUSY : EL2_INVALID },
		{ EL2_VCPU_CREATE, (uint64_t)vm, page_pa(vcpu_page), 0, EL2_BUSY },
		{ EL2_DONATE, ALIGN_DOWN(arena, EL2_CHUNK), 0, 0, EL2_INVALID },
		{ EL2_VCPU_CREATE, (uint64_t)vm, arena, 0, EL2_BUSY },
		{ NEWEL_HVC_SEAL, arena, PAGE_SIZE, 0, 0 },
		{ NEWEL_HVC_UNSEAL, arena, PAGE_SIZE, 0, 0 },
	};

	modarea_thaw();
	ask_calls("wall", calls, ARRAY_SIZE(calls));
	/* The table that notes is another way in. */
	(void)call_el2(NEWEL_HVC_NOTE, 1, 0, 0);
	ask_instructions();
	(void)call_el2(NEWEL_HVC_NOTE, 0, 0, 0);
}

/* ---- how long, how much ---- */

/* More tables than EL2 frees in a call. */
static void ask_tables(void)
{
	size_t before = page_free_count();
	struct page *p = new_page();

	make_vm();
	for (uint64_t i = 0; i < TABLES; i++)
		map_guest_page(i * EL2_BLOCK, p, 0);
	/* A page of many, so each table stays. */
	for (uint64_t i = 0; i < TABLES; i++)
		el2_unmap(vm, i * EL2_BLOCK, PAGE_SIZE);
	el2_vcpu_destroy(vcpu);
	check_is("part of a VM goes", call_el2(EL2_VM_DESTROY, (uint64_t)vm, 0, 0), 1);
	check_is("a vcpu of what goes",
		 call_el2(EL2_VCPU_CREATE, (uint64_t)vm, page_pa(vcpu_page), 0), EL2_INVALID);
	check_is("a map of what goes", el2_map(vm, USER, 0, page_pa(p), EL2_PAGE, 0), -EINVAL);
	el2_vm_destroy(vm);
	check_is("destroyed", call_el2(EL2_VM_DESTROY, (uint64_t)vm, 0, 0), EL2_INVALID);
	page_free(vcpu_page, 0);
	page_free(p, 0);
	check_is("pages after many tables", page_free_count(), before);
}

static void count_instructions(void)
{
	unsigned long flags = irq_save();
	uint64_t start;

	page->pc = CODE + (uint64_t)(guest_hvc - guest_code);
	start = READ_SYSREG(cntvct_el0);
	for (unsigned int i = 0; i < ROUNDS; i++)
		(void)el2_run(vcpu);
	start = READ_SYSREG(cntvct_el0) - start;
	irq_restore(flags);
	pr_notice("guest: an hvc and back: %lu ticks in %u\n", start, ROUNDS);
}

static void repeat_lives(void)
{
	size_t before = page_free_count();
	uint64_t start = READ_SYSREG(cntvct_el0);

	for (unsigned int i = 0; i < 100; i++) {
		make_vm();
		end_vm();
	}
	start = READ_SYSREG(cntvct_el0) - start;
	pr_notice("guest: a VM and a vcpu made and destroyed: %lu ticks in 100\n", start);
	check_is("pages after 100 VMs", page_free_count(), before);
}

void selftest_guest(void)
{
	struct page *code = new_page();

	if (el2_init())
		panic("newel.test: there is no EL2 for guests");
	irq_enable_ppi(VIRTUAL_TIMER, IRQ_LEVEL);
	irq_enable();
	memcpy(page_to_virt(code), guest_code, (size_t)(guest_code_end - guest_code));
	page_sync_icache(code);
	make_vm();
	map_guest_page(CODE, code, EL2_MAP_EXEC);
	ask_instructions();
	ask_states();
	ask_registers();
	ask_pages();
	ask_blocks();
	ask_timers();
	ask_refusals();
	if (!boot_info.stays_at_el2)
		ask_wall();
	count_instructions();
	end_vm();
	check_is("run of what is gone", (int)el2_run(vcpu), EL2_INVALID);
	repeat_lives();
	ask_tables();
	page_free(code, 0);
	panic("newel.test: guest: %u checks, %u wrong", asked, wrong);
}
