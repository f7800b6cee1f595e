/*
 * kvm.c - what the ways through /dev/kvm cost on an arm64 kernel, counted in instructions.
 *
 * One static binary, for Newel and for Linux, that is init of a machine with EL2:
 *     aarch64-linux-gnu-gcc -static -O2 -o kvm kvm.c
 * Usage:  kvm [only=PREFIX]	one line a result, "name: value unit"; the least of BATCHES batches
 *
 * Under QEMU with -icount shift=0,sleep=off and cntfrq=1000000000 a tick of CNTVCT_EL0 is a
 * nanosecond is an instruction, of the host's kernel, the guest and the VMM together.  A guest
 * times what it causes itself, by its own CNTVCT_EL0 (which has an offset, and the same rate); the
 * VMM times whole KVM_RUNs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psci.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM	0x80000000UL
#define SIZE	0x400000UL
/* No memory: a store to DEVICE + 0xff8 ends a run, all else is an MMIO exit. */
#define DEVICE	0x09000000UL
#define GICD	0x08000000UL
#define GICC	0x08010000UL
#define GICR	0x080a0000UL
#define VEC	0x10000UL
#define INIT	0x8000UL
#define BATCHES 15
#define EL1H	0x3c5UL

/* clang-format off */

#define HIDDEN __attribute__((visibility("hidden")))
#define BLOB(id, code)                                                                                  \
	extern const char id[] HIDDEN, id##_end[] HIDDEN;                                               \
	__asm__(".pushsection .rodata\n.balign 128\n.globl " #id ", " #id "_end\n.hidden " #id ", " #id "_end\n" \
		#id ":\n" code "\n" #id "_end:\n.popsection\n")
#define CNT(r)  "isb\nmrs " #r ", cntvct_el0\n"
#define END     "str xzr, [x20, #0xff8]\nb .\n"
/* An instruction sequence, N times, timed by the guest: ticks in x0, the loop counted in. */
#define LOOP(n, code) "mov x26, #" #n "\n" CNT(x27) "1: " code "subs x26, x26, #1\nb.ne 1b\n" CNT(x0) "sub x0, x0, x27\n" END

BLOB(b_empty, LOOP(1000, "nop\n"));
BLOB(b_psci, LOOP(1000, "mov w0, #0x84000000\nhvc #0\n"));
BLOB(b_unknown, LOOP(1000, "mov w0, #0x84000000\nmovk w0, #0x1234\nhvc #0\n"));
BLOB(b_sysreg, LOOP(1000, "mrs x1, id_aa64pfr0_el1\n"));
BLOB(b_ctr, LOOP(1000, "mrs x1, ctr_el0\n"));
BLOB(b_cntpct, LOOP(1000, "mrs x1, cntpct_el0\n"));
BLOB(b_mmio_w, LOOP(1000, "str w1, [x20]\n"));
BLOB(b_mmio_r, LOOP(1000, "ldr w1, [x20]\n"));
BLOB(b_gicd, LOOP(1000, "ldr w1, [x22, #4]\n"));
BLOB(b_touch, "mov x26, #8192\n" CNT(x27) "1: str x26, [x1]\nadd x1, x1, #1, lsl #12\nsubs x26, x26, #1\nb.ne 1b\n" CNT(x0) "sub x0, x0, x27\n" END);
BLOB(b_read, "mov x26, #8192\n" CNT(x27) "1: ldr x2, [x1]\nadd x1, x1, #1, lsl #12\nsubs x26, x26, #1\nb.ne 1b\n" CNT(x0) "sub x0, x0, x27\n" END);
BLOB(b_exit, "1: str w1, [x20]\nb 1b\n");
BLOB(b_sgi3, "blr x24\nmsr daifclr, #2\nmov x2, #0x1000000\nmovk x2, #1\n" LOOP(1000, "add x25, x15, #1\nmsr icc_sgi1r_el1, x2\nisb\n2: cmp x15, x25\nb.ne 2b\n"));
BLOB(b_sgi2, "blr x24\nmsr daifclr, #2\nmov w2, #0x2000000\nmovk w2, #1\n" LOOP(1000, "add x25, x15, #1\nstr w2, [x22, #0xf00]\n2: cmp x15, x25\nb.ne 2b\n"));
/* the timer's compare value is now: it fires at once */
BLOB(b_vtimer, "blr x24\nmsr daifclr, #2\nmov x2, #1\n" LOOP(1000, "add x25, x15, #1\nmsr cntv_tval_el0, xzr\nmsr cntv_ctl_el0, x2\nisb\n2: cmp x15, x25\nb.ne 2b\n"));
BLOB(b_timerset, "mov x2, #0x7fffffff\nmov x3, #1\nmsr cntv_ctl_el0, x3\n" LOOP(1000, "msr cntv_tval_el0, x2\n"));
BLOB(b_wfi, "blr x24\nmov x2, #1\nmsr cntv_ctl_el0, x2\n" LOOP(1000, "msr cntv_tval_el0, xzr\nisb\nwfi\n"));
__asm__(".macro KB_V2\n.balign 0x80\nldr w14, [x23, #0xc]\nadd x15, x15, #1\nmsr cntv_ctl_el0, xzr\nisb\nstr w14, [x23, #0x10]\neret\n.endm\n"
	".macro KB_V3\n.balign 0x80\nmrs x14, icc_iar1_el1\nadd x15, x15, #1\nmsr cntv_ctl_el0, xzr\nisb\nmsr icc_eoir1_el1, x14\nisb\neret\n.endm\n");
BLOB(v_v2, ".rept 16\nKB_V2\n.endr\n.balign 0x80\n");
BLOB(v_v3, ".rept 16\nKB_V3\n.endr\n.balign 0x80\n");
BLOB(i_v2, "mov w1, #1\nstr w1, [x22]\nmov w1, #-1\nstr w1, [x22, #0x100]\nmov w1, #0xf0\nstr w1, [x23, #4]\nmov w1, #1\nstr w1, [x23]\nret\n");
BLOB(i_v3, "mov w1, #0x12\nstr w1, [x22]\nmov w1, #-1\nadd x2, x23, #0x10, lsl #12\nstr w1, [x2, #0x80]\nstr w1, [x2, #0x100]\n"
	"mrs x1, icc_sre_el1\norr x1, x1, #1\nmsr icc_sre_el1, x1\nisb\nmov x1, #0xf0\nmsr icc_pmr_el1, x1\nmov x1, #1\nmsr icc_igrpen1_el1, x1\nisb\nret\n");

/* clang-format on */

struct vm {
	int fd, cpu, gic;
	struct kvm_run *run;
	char *mem;
};
static int kvm;
static const char *only = "";

/* Is the row @name asked for? */
static int wanted(const char *name)
{
	return !strncmp(name, only, strlen(only));
}

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline uint64_t ticks(void)
{
	uint64_t v;
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v)::"memory");
	return v;
}

/* Round what is measured: hints that every CPU passes over, for elcount.c (kvm.py --hist). */
static inline void mark_begin(void)
{
	__asm__ volatile("hint #0x50" ::: "memory");
}

static inline void mark_end(void)
{
	__asm__ volatile("hint #0x51" ::: "memory");
}

#define CORE(field) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define X(n) (CORE(regs.regs[0]) + 2 * (n))

static void set(struct vm *v, uint64_t id, uint64_t val)
{
	struct kvm_one_reg r = { id, (uintptr_t)&val };
	if (ioctl(v->cpu, KVM_SET_ONE_REG, &r))
		die("set");
}

static uint64_t get(struct vm *v, uint64_t id)
{
	uint64_t val = 0;
	struct kvm_one_reg r = { id, (uintptr_t)&val };
	if (ioctl(v->cpu, KVM_GET_ONE_REG, &r))
		die("get");
	return val;
}

static void slot(struct vm *v, unsigned n, uint64_t gpa, uint64_t size, void *at)
{
	struct kvm_userspace_memory_region r = { n, 0, gpa, size, (uintptr_t)at };
	if (ioctl(v->fd, KVM_SET_USER_MEMORY_REGION, &r))
		die("slot");
}

static int attr(int fd, unsigned group, uint64_t a, void *p)
{
	struct kvm_device_attr d = { 0, group, a, (uintptr_t)p };
	return ioctl(fd, KVM_SET_DEVICE_ATTR, &d);
}

static void gic(struct vm *v)
{
	struct kvm_create_device d = { KVM_DEV_TYPE_ARM_VGIC_V3, 0, 0 };
	uint64_t dist = GICD, redist = GICR, cpu = GICC;
	v->gic = 3;
	if (ioctl(v->fd, KVM_CREATE_DEVICE, &d)) {
		d.type = KVM_DEV_TYPE_ARM_VGIC_V2, v->gic = 2;
		if (ioctl(v->fd, KVM_CREATE_DEVICE, &d))
			die("vgic");
	}
	int g = (int)d.fd;
	if (v->gic == 3) {
		if (attr(g, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist) ||
		    attr(g, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist))
			die("vgic address");
	} else if (attr(g, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_DIST, &dist) ||
		   attr(g, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU, &cpu)) {
		die("vgic address");
	}
	if (attr(g, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL))
		die("vgic init");
}

static void load(struct vm *v, uint64_t off, const char *from, const char *to)
{
	memcpy(v->mem + off, from, (size_t)(to - from));
	__builtin___clear_cache(v->mem + off, v->mem + off + (to - from));
}

static void make(struct vm *v, int with_gic)
{
	v->gic = 0;
	if ((v->fd = ioctl(kvm, KVM_CREATE_VM, 0)) < 0)
		die("KVM_CREATE_VM");
	v->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slot(v, 0, RAM, SIZE, v->mem);
	if ((v->cpu = ioctl(v->fd, KVM_CREATE_VCPU, 0)) < 0)
		die("KVM_CREATE_VCPU");
	v->run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		      MAP_SHARED, v->cpu, 0);
	struct kvm_vcpu_init i;
	ioctl(v->fd, KVM_ARM_PREFERRED_TARGET, &i);
	i.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	if (ioctl(v->cpu, KVM_ARM_VCPU_INIT, &i))
		die("KVM_ARM_VCPU_INIT");
	if (with_gic)
		gic(v);
	load(v, VEC, v->gic == 3 ? v_v3 : v_v2, v->gic == 3 ? v_v3_end : v_v2_end);
	load(v, INIT, v->gic == 3 ? i_v3 : i_v2, v->gic == 3 ? i_v3_end : i_v2_end);
}

static void unmake(struct vm *v)
{
	munmap(v->run, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	close(v->cpu);
	close(v->fd);
	munmap(v->mem, SIZE);
}

static void start(struct vm *v, const char *from, const char *to)
{
	load(v, 0, from, to);
	v->run->immediate_exit = 1; /* completes what an exit left open */
	ioctl(v->cpu, KVM_RUN, 0);
	v->run->immediate_exit = 0;
	set(v, X(20), DEVICE);
	set(v, X(22), GICD);
	set(v, X(23), v->gic == 3 ? GICR : GICC);
	set(v, X(24), RAM + INIT);
	set(v, ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + VEC);
	set(v, CORE(regs.pc), RAM);
	set(v, CORE(regs.pstate), EL1H);
}

/* Runs to the guest's END; x0 */
static uint64_t go(struct vm *v)
{
	for (;;) {
		if (ioctl(v->cpu, KVM_RUN, 0))
			die("KVM_RUN");
		if (v->run->exit_reason != KVM_EXIT_MMIO) {
			printf("exit %u\n", v->run->exit_reason);
			exit(1);
		}
		if (v->run->mmio.phys_addr == DEVICE + 0xff8)
			return get(v, X(0));
	}
}

static void report(const char *name, uint64_t least, unsigned n, const char *unit)
{
	printf("%s: %llu.%llu %s\n", name, (unsigned long long)(least / n),
	       (unsigned long long)(least % n * 10 / n), unit);
	fflush(stdout);
}

static uint64_t empty; /* ticks of the loop alone */

static void timed(const char *name, const char *from, const char *to, int with_gic, unsigned n)
{
	struct vm v;
	uint64_t least = ~0UL;

	/* The loop's own row is measured always: it is taken off the others. */
	if (empty && !wanted(name))
		return;
	make(&v, with_gic);
	for (int b = 0; b < BATCHES; b++) {
		start(&v, from, to);
		mark_begin();
		uint64_t t = go(&v);
		mark_end();
		least = t < least ? t : least;
	}
	if (!empty)
		empty = least;
	report(name, least > empty ? least - empty : least, n, "ns");
	unmake(&v);
}
#define TIMED(name, id, with_gic) timed(name, id, id##_end, with_gic, 1000)

static void run_immediate(void)
{
	struct vm v;
	uint64_t least = ~0UL;

	if (!wanted("run_immediate_exit"))
		return;
	make(&v, 0);
	start(&v, b_exit, b_exit_end);
	v.run->immediate_exit = 1;
	for (int b = 0; b < BATCHES; b++) {
		mark_begin();
		uint64_t t = ticks();
		for (int i = 0; i < 200; i++)
			ioctl(v.cpu, KVM_RUN, 0);
		t = ticks() - t;
		mark_end();
		least = t < least ? t : least;
	}
	report("run_immediate_exit", least, 200, "ns");
	unmake(&v);
}

/* KVM_RUN, the guest's store, the exit: alone, and in turn with the vcpu of another VM */
static void run_exit(int vms, int with_gic, const char *name)
{
	struct vm v[2];
	uint64_t least = ~0UL;

	if (!wanted(name))
		return;
	for (int i = 0; i < vms; i++) {
		make(&v[i], with_gic);
		start(&v[i], b_exit, b_exit_end);
	}
	for (int b = 0; b < BATCHES; b++) {
		mark_begin();
		uint64_t t = ticks();
		for (int i = 0; i < 200; i++)
			if (ioctl(v[i % vms].cpu, KVM_RUN, 0))
				die("KVM_RUN");
		t = ticks() - t;
		mark_end();
		least = t < least ? t : least;
	}
	report(name, least, 200, "ns");
	for (int i = 0; i < vms; i++)
		unmake(&v[i]);
}

/* 8192 pages that the guest touches first: not there on the host, or touched by the VMM. */
static void fault(const char *name, const char *from, const char *to, int touched, int huge)
{
	struct vm v;
	size_t n = 8192UL * 4096;

	if (!wanted(name))
		return;
	make(&v, 0);
	char *raw = mmap(NULL, n + (2UL << 20), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *p = (char *)(((uintptr_t)raw + (2UL << 20) - 1) & ~((2UL << 20) - 1));
	madvise(p, n, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (touched)
		for (size_t i = 0; i < n; i += 4096)
			p[i] = 1;
	slot(&v, 1, 0x100000000UL, n, p);
	start(&v, from, to);
	set(&v, X(1), 0x100000000UL);
	mark_begin();
	uint64_t t = go(&v);
	mark_end();
	report(name, t, 8192, "ns a page");
	munmap(raw, n + (2UL << 20));
	unmake(&v);
}

static void vm_life(void)
{
	uint64_t least = ~0UL;

	if (!wanted("vm_create_destroy"))
		return;
	for (int b = 0; b < BATCHES; b++) {
		struct vm v;
		mark_begin();
		uint64_t t = ticks();
		make(&v, 0);
		unmake(&v);
		t = ticks() - t;
		mark_end();
		least = t < least ? t : least;
	}
	report("vm_create_destroy", least, 1, "ns");
}

static void one_reg(void)
{
	struct vm v;
	uint64_t least = ~0UL;

	if (!wanted("get_one_reg"))
		return;
	make(&v, 0);
	for (int b = 0; b < BATCHES; b++) {
		mark_begin();
		uint64_t t = ticks();
		for (int i = 0; i < 200; i++)
			get(&v, X(3));
		t = ticks() - t;
		mark_end();
		least = t < least ? t : least;
	}
	report("get_one_reg", least, 200, "ns");
	unmake(&v);
}

int main(int argc, char **argv)
{
	struct vm v;
	uint64_t frq;
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frq));
	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], "only=", 5))
			only = argv[i] + 5;
	(void)mknod("/dev/kvm", S_IFCHR | 0600, makedev(10, 232));
	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0)
		die("/dev/kvm");
	printf("cntfrq: %llu\n", (unsigned long long)frq);
	TIMED("guest_loop", b_empty, 0);
	TIMED("hvc_psci_version", b_psci, 0);
	TIMED("hvc_unknown", b_unknown, 0);
	TIMED("sysreg_trap_id", b_sysreg, 0);
	TIMED("sysreg_trap_ctr", b_ctr, 0);
	TIMED("cntpct_read", b_cntpct, 0);
	TIMED("mmio_write_exit", b_mmio_w, 0);
	TIMED("mmio_read_exit", b_mmio_r, 0);
	TIMED("mmio_write_exit_vgic", b_mmio_w, 1);
	TIMED("hvc_psci_version_vgic", b_psci, 1);
	TIMED("gicd_read", b_gicd, 1);
	TIMED("vtimer_set", b_timerset, 1);
	make(&v, 1);
	int g = v.gic;
	unmake(&v);
	if (g == 3)
		TIMED("sgi_self", b_sgi3, 1);
	else
		TIMED("sgi_self", b_sgi2, 1);
	TIMED("vtimer_irq", b_vtimer, 1);
	TIMED("wfi_timer_pending", b_wfi, 1);
	run_immediate();
	run_exit(1, 0, "run_mmio_exit");
	run_exit(1, 1, "run_mmio_exit_vgic");
	run_exit(2, 0, "run_mmio_exit_two_vms");
	run_exit(2, 1, "run_mmio_exit_two_vms_vgic");
	fault("fault_write_4k_fresh", b_touch, b_touch_end, 0, 0);
	fault("fault_write_4k_touched", b_touch, b_touch_end, 1, 0);
	fault("fault_read_4k_fresh", b_read, b_read_end, 0, 0);
	fault("fault_write_thp_fresh", b_touch, b_touch_end, 0, 1);
	fault("fault_write_thp_touched", b_touch, b_touch_end, 1, 1);
	vm_life();
	one_reg();
	printf("bench: end\n");
	return 0;
}
