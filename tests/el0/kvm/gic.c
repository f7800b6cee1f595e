/*
 * gic.c - interrupts of guests: the controller as a device with attributes, lines, PPIs and SGIs,
 * timers, irqfd, ioeventfd; and the lines of a vCPU without a controller in the kernel.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/utsname.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define TAKEN_AT    0xfe0ul /* in DEVICE: the handler writes the interrupt's number there */
#define IRQ_VECTORS 0x1e0000ul
#define INIT_CODE   0x1d0000ul
#define SPI(n)	    (KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (32u + (n)))
#define PPI(n)	    (KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT | (n))
#define CPU_IRQ(n)  (KVM_ARM_IRQ_TYPE_CPU << KVM_ARM_IRQ_TYPE_SHIFT | (n))
#define SPURIOUS    1023

/* clang-format off */
__asm__(".macro IRQ_TABLE iar, eoir\n"
	".set slot, 0\n"
	".rept 16\n"
	".balign 0x80\n"
	".if (slot & 3) == 1\n"
	"\\iar\n"
	"add x15, x15, #1\n"
	"msr cntv_ctl_el0, xzr\n"
	"msr cntp_ctl_el0, xzr\n"
	"isb\n"
	"str w14, [x20, #0xfe0]\n"
	"\\eoir\n"
	"eret\n"
	".else\n"
	"mrs x10, esr_el1\n mrs x11, far_el1\n mrs x12, elr_el1\n mov x13, #slot\n str x13, [x20, #0xff0]\n eret\n"
	".endif\n"
	".set slot, slot + 1\n"
	".endr\n"
	".balign 0x80\n"
	".endm\n");
GUEST(irq_v2, "IRQ_TABLE \"ldr w14, [x23, #0xc]\", \"str w14, [x23, #0x10]\"\n");
GUEST(irq_v3, "IRQ_TABLE \"mrs x14, icc_iar1_el1\", \"msr icc_eoir1_el1, x14\"\n");
/* Everything up to INTID 63 is enabled, and is this vCPU's; SPIs are levels. */
GUEST(init_v2,
	"mov w1, #1\n str w1, [x22]\n mov w1, #-1\n str w1, [x22, #0x100]\n str w1, [x22, #0x104]\n"
	"mov w1, #0x01010101\n add x2, x22, #0x820\n mov x3, #8\n 1: str w1, [x2]\n add x2, x2, #4\n subs x3, x3, #1\n b.ne 1b\n"
	"str wzr, [x22, #0xc08]\n str wzr, [x22, #0xc0c]\n"
	"mov w1, #0xf0\n str w1, [x23, #4]\n mov w1, #1\n str w1, [x23]\n ret\n");
GUEST(init_v3,
	"mov w1, #0x12\n str w1, [x22]\n mov w1, #-1\n add x2, x23, #0x10, lsl #12\n str w1, [x2, #0x80]\n str w1, [x2, #0x100]\n"
	"str w1, [x22, #0x84]\n str w1, [x22, #0x104]\n str wzr, [x22, #0xc08]\n str wzr, [x22, #0xc0c]\n"
	"mrs x1, icc_sre_el1\n orr x1, x1, #1\n msr icc_sre_el1, x1\n isb\n mov x1, #0xf0\n msr icc_pmr_el1, x1\n"
	"mov x1, #1\n msr icc_igrpen1_el1, x1\n isb\n ret\n");
#define UNTIL_X16 \
	"1: msr daifset, #2\n cmp x15, x16\n b.hs 2f\n wfi\n msr daifclr, #2\n isb\n b 1b\n 2: msr daifclr, #2\n isb\n" DONE
GUEST(waits, "blr x24\n" UNTIL_X16);
GUEST(goes_on, UNTIL_X16);
GUEST(sets_edge, "blr x24\n mov w1, #-1\n str w1, [x22, #0xc08]\n str w1, [x22, #0xc0c]\n" UNTIL_X16);
GUEST(drops_v2, "blr x24\n ldr w1, [x23]\n orr w1, w1, #0x200\n str w1, [x23]\n mov w1, #-1\n str w1, [x22, #0xc08]\n str w1, [x22, #0xc0c]\n" UNTIL_X16);
GUEST(drops_v3, "blr x24\n mrs x1, icc_ctlr_el1\n orr x1, x1, #2\n msr icc_ctlr_el1, x1\n isb\n mov w1, #-1\n str w1, [x22, #0xc08]\n str w1, [x22, #0xc0c]\n" UNTIL_X16);
GUEST(ends_v2, "add x2, x23, #0x1000\n str w1, [x2]\n" DONE);
GUEST(ends_v3, "msr icc_dir_el1, x1\n isb\n" DONE);
GUEST(sgi_v2, "blr x24\n mov w2, #0x2000000\n movk w2, #5\n str w2, [x22, #0xf00]\n" UNTIL_X16);
GUEST(sgi_v3, "blr x24\n mov x2, #0x5000000\n movk x2, #1\n msr icc_sgi1r_el1, x2\n isb\n" UNTIL_X16);
GUEST(to_second_v2, "blr x24\n mov w2, #0x20000\n movk w2, #6\n str w2, [x22, #0xf00]\n" DONE);
GUEST(to_second_v3, "blr x24\n mov x2, #0x6000000\n movk x2, #2\n msr icc_sgi1r_el1, x2\n isb\n" DONE);
GUEST(virtual_timer, "blr x24\n mov x2, #1\n msr cntv_tval_el0, x1\n msr cntv_ctl_el0, x2\n isb\n" UNTIL_X16);
GUEST(physical_timer, "blr x24\n mov x2, #1\n msr cntp_tval_el0, x1\n msr cntp_ctl_el0, x2\n isb\n" UNTIL_X16);
GUEST(timer_alone, "mov x2, #1\n msr cntv_tval_el0, x1\n msr cntv_ctl_el0, x2\n isb\n wfi\n 1: b 1b\n");
GUEST(no_controller, "msr daifclr, #3\n 1: wfi\n b 1b\n");
GUEST(words, "ldr w1, [x22]\n ldr w2, [x22, #4]\n ldr w3, [x22, #8]\n mov w4, #0xffff\n add x5, x22, x4\n" DONE);
GUEST(notifies, "str w1, [x20, #0x100]\n str w2, [x20, #0x100]\n strb w1, [x20, #0x100]\n str x1, [x20, #0x100]\n" DONE);
/* clang-format on */

static long irq_line(int vm, unsigned int irq, unsigned int level)
{
	struct kvm_irq_level l = { { irq }, level };

	return sys(ioctl, vm, KVM_IRQ_LINE, &l);
}

/* A guest with @cpus and a controller, whose vectors take interrupts. */
static void make(struct guest *g, int cpus)
{
	guest_make(g, cpus, 0);
	guest_gic(g);
	if (g->gic_version == 3) {
		guest_put(g, IRQ_VECTORS, irq_v3, irq_v3_end);
		guest_put(g, INIT_CODE, init_v3, init_v3_end);
	} else {
		guest_put(g, IRQ_VECTORS, irq_v2, irq_v2_end);
		guest_put(g, INIT_CODE, init_v2, init_v2_end);
	}
}

/* vCPU @n begins with that code, and ends when it has taken @count interrupts. */
static void begin_at(struct guest *g, int n, const char *from, const char *to, unsigned int count)
{
	guest_put(g, 0x1000ul * (unsigned int)n, from, to);
	guest_at(g, n, 0x1000ul * (unsigned int)n);
	set_reg(g->cpu[n], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + IRQ_VECTORS);
	/* Each vCPU has a redistributor of its own. */
	if (g->gic_version == 3)
		set_reg(g->cpu[n], X_ID(23), GICR + 0x20000ul * (unsigned int)n);
	set_reg(g->cpu[n], X_ID(24), RAM + INIT_CODE);
	set_reg(g->cpu[n], X_ID(15), 0);
	check(set_reg(g->cpu[n], X_ID(16), count), 0, "waits for %u", count);
}
#define BEGIN(g, n, code, count) begin_at(g, n, (code), (code##_end), count)

/* The next interrupt that it takes: its number, or what else ended the run, negative. */
static long next_taken(struct guest *g, int n)
{
	const struct kvm_run *run = g->run[n];
	struct itimerval t;
	uint32_t irq;
	long r;

	getitimer(ITIMER_REAL, &t);
	if (!t.it_value.tv_sec && !t.it_value.tv_usec)
		alarm_each(5000); /* it may never come */
	r = guest_run_cpu(g, n);
	alarm_each(0);
	if (r != AT_MMIO || run->mmio.phys_addr != DEVICE + TAKEN_AT)
		return r < 0 ? r : -r;
	memcpy(&irq, run->mmio.data, 4);
	return irq & 0x3ff;
}

/*
 * No interrupt comes, and vCPU 0 has come past its first @lines instructions, to where it waits for
 * one; within a minute.
 */
static void none_yet(struct guest *g, unsigned int lines)
{
	unsigned long at = 0;
	long r = -EINTR;

	for (int i = 0; i < 2000 && r == -EINTR && (at < 4 * lines || at >= 0x1000); i++) {
		alarm_each(30);
		r = next_taken(g, 0);
		at = reg(g->cpu[0], PC_ID) - RAM;
	}
	check(r, -EINTR, "none yet");
	expect(at >= 4 * lines && at < 0x1000, "it waits: %#lx", at);
}

/* ---- the device ---- */

static void devices(void)
{
	struct guest g;

	begin("ioctl: KVM_CREATE_DEVICE, KVM_CREATE_IRQCHIP: which there are; errors");
	guest_make(&g, 1, 0);
	bool v3 = host_gic(g.vm) == 3;
	unsigned int mine = v3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2;
	unsigned int other = v3 ? KVM_DEV_TYPE_ARM_VGIC_V2 : KVM_DEV_TYPE_ARM_VGIC_V3;

	check(new_device(g.vm, mine, KVM_CREATE_DEVICE_TEST), 0, "this core's can be had");
	check(new_device(g.vm, other, KVM_CREATE_DEVICE_TEST), -ENODEV, "the other cannot");
	check(new_device(g.vm, other, 0), -ENODEV, "nor made");
	for (unsigned int type = 0; type < 24; type++)
		if (type < 4 || type > 8) /* 4 is vfio's, 8 the ITS, which Linux may have */
			check(new_device(g.vm, type, 0), -ENODEV, "type %u", type);
	check(new_device(g.vm, ~0u, 0), -ENODEV, "the last type");
	FAULTS(IN, sizeof(struct kvm_create_device), ioctl, g.vm, KVM_CREATE_DEVICE, bad);
	long d = new_device(g.vm, mine, 2);

	/* An unknown flag is nothing, in Linux. */
	expect(d >= 0, "made, with an unknown flag");
	check(new_device(g.vm, mine, 0), -EEXIST, "twice");
	check(new_device(g.vm, mine, KVM_CREATE_DEVICE_TEST), 0, "still could be had");
	ioctl_is(v3 ? -ENODEV : -EEXIST, g.vm, KVM_CREATE_IRQCHIP, 0);
	ioctl_is(-ENOTTY, (int)d, KVM_CREATE_VCPU, 0);
	ioctl_is(-ENOTTY, (int)d, 0x5401, 0);
	char c;

	check(sys(read, d, &c, 1), -EINVAL, "read");
	check(fcntl((int)d, F_GETFD), FD_CLOEXEC, "closed by exec");
	close((int)d);
	check(new_device(g.vm, mine, 0), -EEXIST, "after it was closed");
	guest_free(&g);
	guest_make(&g, 1, 0);
	ioctl_is(v3 ? -ENODEV : 0, g.vm, KVM_CREATE_IRQCHIP, 0);
	guest_free(&g);
	end();
}

enum attr_op { HAS, SET, GET };
#define ADDR	KVM_DEV_ARM_VGIC_GRP_ADDR
#define NR_IRQS KVM_DEV_ARM_VGIC_GRP_NR_IRQS
#define ORDER	KVM_DEV_ARM_VGIC_GRP_CTRL
#define BEGINS	KVM_DEV_ARM_VGIC_CTRL_INIT

/* One thing that is asked of the device @d after the other. */
struct attr_step {
	enum attr_op op;
	uint32_t group;
	uint64_t attr, value; /* GET: what is read, if that is no error */
	long want;
};

static void take_steps(int d, const struct attr_step *steps, size_t n)
{
	for (const struct attr_step *s = steps; s < steps + n; s++) {
		uint64_t value = s->op == SET ? s->value : 0;
		long got = s->op == HAS	  ? has_attr(d, s->group, s->attr)
			   : s->op == SET ? set_attr(d, s->group, s->attr, &value)
					  : get_attr(d, s->group, s->attr, &value);

		check(got, s->want, "step %zu: group %u, attribute %llu", (size_t)(s - steps),
		      s->group, (unsigned long long)s->attr);
		if (s->op == GET && !s->want)
			check((long)value, (long)s->value, "step %zu: its value",
			      (size_t)(s - steps));
	}
}
#define STEPS(d, steps) take_steps(d, steps, sizeof(steps) / sizeof((steps)[0]))

static int new_gic(const struct guest *g)
{
	return (int)new_device(
		g->vm, host_gic(g->vm) == 3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2,
		0);
}

/* Addresses and numbers in memory that is none. */
static void attributes_at(int d, uint64_t dist, uint64_t cpu)
{
	static const struct {
		uint32_t group;
		unsigned int size;
	} kinds[] = { { ADDR, 8 }, { NR_IRQS, 4 } };

	for (int k = 0; k < 2; k++) {
		for (int at = 0; hostile_pointer(&at, kinds[k].size, IN);)
			check(set_attr(d, kinds[k].group, k ? 0 : cpu, bad), -EFAULT, "from %s",
			      bad_name);
		for (int at = 0; hostile_pointer(&at, kinds[k].size, OUT);)
			check(get_attr(d, kinds[k].group, k ? 0 : dist, bad), -EFAULT, "to %s",
			      bad_name);
	}
	FAULTS(IN, sizeof(struct kvm_device_attr), ioctl, d, KVM_SET_DEVICE_ATTR, bad);
	FAULTS(IN, sizeof(struct kvm_device_attr), ioctl, d, KVM_GET_DEVICE_ATTR, bad);
	FAULTS(IN, sizeof(struct kvm_device_attr), ioctl, d, KVM_HAS_DEVICE_ATTR, bad);
}

/* The redistributors of the vCPUs that there are lie below the end of all addresses. */
static void redistributors_end(void)
{
	struct guest g;

	for (unsigned int cpus = 0; cpus <= 2; cpus++) {
		uint64_t bytes = 0x20000 * cpus, end = 1ul << 40;
		const struct attr_step steps[] = {
			{ SET, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, end - bytes + 0x10000, -E2BIG },
			{ SET, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, end - (cpus ? bytes : 0x10000),
			  0 },
		};

		guest_make(&g, 0, 0);
		for (unsigned int i = 0; i < cpus; i++)
			guest_cpu(&g, (int)i, 0);
		g.gic = new_gic(&g);
		STEPS(g.gic, steps);
		guest_free(&g);
	}
}

/* A controller that has no vCPU yet and is never told to begin, and one without all addresses. */
static void unfinished(void)
{
	static const struct attr_step begins[] = { { SET, ORDER, BEGINS, 0, 0 } };
	struct guest g;

	guest_make(&g, 0, 0);
	g.gic = new_gic(&g);
	check(sys(ioctl, g.vm, KVM_CREATE_VCPU, 0) >= 0, 1, "a vCPU after the controller");
	guest_free(&g);
	guest_make(&g, 1, 0);
	g.gic = new_gic(&g);
	STEPS(g.gic, begins);
	check(guest_run(&g), -ENXIO, "a run without all addresses");
	check(guest_run(&g), -EIO, "another: the machine is done with");
	ioctl_is(-EIO, g.vm, KVM_CHECK_EXTENSION, 0);
	guest_free(&g);
}

static void attributes(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR: addresses, "
	      "numbers");
	guest_make(&g, 2, 0);
	bool v3 = host_gic(g.vm) == 3;
	uint64_t dist = v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST;
	uint64_t cpu = v3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST : KVM_VGIC_V2_ADDR_TYPE_CPU;
	uint64_t others = v3 ? KVM_VGIC_V2_ADDR_TYPE_DIST : KVM_VGIC_V3_ADDR_TYPE_DIST, a;
	int d = g.gic = new_gic(&g);
	const struct attr_step steps[] = {
		{ HAS, ADDR, dist, 0, 0 },
		{ HAS, ADDR, cpu, 0, 0 },
		{ HAS, ADDR, others, 0, -ENXIO },
		{ HAS, ADDR, 99, 0, -ENXIO },
		{ HAS, NR_IRQS, 0, 0, 0 },
		{ HAS, ORDER, BEGINS, 0, 0 },
		{ HAS, ORDER, 99, 0, -ENXIO },
		{ HAS, 99, 0, 0, -ENXIO },
		{ SET, 99, 0, 0, -ENXIO },
		{ GET, 99, 0, 0, -ENXIO },
		{ GET, ORDER, BEGINS, 0, -ENXIO }, /* an order is not read */
		{ GET, ADDR, dist, UINT64_MAX, 0 },
		{ SET, ADDR, dist, GICD + 0x100, -EINVAL },
		{ SET, ADDR, dist, UINT64_C(1) << 40, -E2BIG },
		{ SET, ADDR, 99, GICD, -ENXIO },
		{ SET, ADDR, others, GICD, -ENXIO },
		{ SET, ADDR, dist, GICD, 0 },
		{ SET, ADDR, dist, GICD, -EEXIST },
		{ GET, ADDR, dist, GICD, 0 },
		{ GET, NR_IRQS, 0, 32, 0 }, /* only the private ones yet */
		{ SET, NR_IRQS, 0, 0, -EINVAL },
		{ SET, NR_IRQS, 0, 32, -EINVAL },
		{ SET, NR_IRQS, 0, 63, -EINVAL },
		{ SET, NR_IRQS, 0, 65, -EINVAL },
		{ SET, NR_IRQS, 0, 1024, -EINVAL },
		{ SET, NR_IRQS, 0, 1056, -EINVAL },
		{ SET, NR_IRQS, 0, UINT32_MAX, -EINVAL },
		{ SET, NR_IRQS, 0, 128, 0 },
		{ SET, NR_IRQS, 0, 128, -EBUSY },
	};
	const struct attr_step begins[] = {
		{ SET, ORDER, BEGINS, 0, 0 },
		{ SET, ORDER, BEGINS, 0, 0 },
		{ SET, ADDR, cpu, v3 ? GICR : GICC, 0 },
	};

	/* What wraps is E2BIG or EINVAL by its size. */
	a = -0x10000ul;
	check_one_of(set_attr(d, ADDR, dist, &a), -EINVAL, -E2BIG, "a distributor that wraps");
	STEPS(d, steps);
	attributes_at(d, dist, cpu);
	struct kvm_device_attr flagged = { 1, NR_IRQS, 0, (uintptr_t)&a };

	check(sys(ioctl, d, KVM_GET_DEVICE_ATTR, &flagged), 0, "flags of an attribute are nothing");
	STEPS(d, begins);
	check(sys(ioctl, g.vm, KVM_CREATE_VCPU, 2), -EBUSY, "a vCPU after the beginning");
	guest_load(&g, 0, words);
	check(guest_run(&g), AT_DONE, "it runs");
	check(X(&g, 2) & 0x1f, 3, "GICD_TYPER: 128 interrupts");
	check(X(&g, 1) & 3, 0, "GICD_CTLR: off");
	check(X(&g, 3) & 0xfff, 0x43b, "GICD_IIDR: Arm");
	guest_free(&g);
	unfinished();
	if (v3)
		redistributors_end();
	end();
}

/* The controller's registers, as a VMM saves and restores them. */
static void registers(void)
{
	struct guest g;
	uint32_t v;

	begin("ioctl: KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR of the controller's registers");
	make(&g, 2);
	bool v3 = g.gic_version == 3;

	check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, &v), 0, "GICD_CTLR");
	check(v & 1, 0, "is off");
	check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 4, &v), 0, "GICD_TYPER");
	check(v & 0x1f, 7, "256 interrupts");
	if (!v3)
		check(v >> 5 & 7, 1, "two cores");
	v = 0xff00ff;
	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x104, &v), 0, "GICD_ISENABLER1");
	check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x104, &v), 0, "is read");
	check(v, 0xff00ff, "as it was set");
	check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x184, &v), 0, "GICD_ICENABLER1");
	check(v, 0xff00ff, "is the same");
	v = 0xa0b0c0d0;
	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x420, &v), 0, "GICD_IPRIORITYR8");
	check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x420, &v), 0, "is read");
	check(v, (long)0xa0b0c0d0, "as it was set");
	check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0xfffc0, &v), 0,
	      "what is no register");
	check(v, 0, "is zero");
	check(has_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0), 0, "GICD_CTLR is there");
	check(has_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0xfffc0), -ENXIO, "another is not");
	for (int at = 0; hostile_pointer(&at, 4, OUT);)
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 4, bad), -EFAULT, "to %s",
		      bad_name);
	for (int at = 0; hostile_pointer(&at, 4, IN);)
		check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, bad), -EFAULT, "from %s",
		      bad_name);
	if (v3) {
		uint64_t pmr = 0, second = 1ul << 32;
		uint64_t icc_pmr =
			3u << 14 | 4u << 7 | 6u << 3; /* op0 3, op1 0, CRn 4, CRm 6, op2 0 */

		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 8, &v), 0, "GICR_TYPER");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, second | 8, &v), 0,
		      "the second's");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 2 * second | 8, &v),
		      -EINVAL, "there is no third");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, icc_pmr, &pmr), 0,
		      "ICC_PMR_EL1");
		pmr = 0xf8;
		check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, icc_pmr, &pmr), 0,
		      "is set");
		pmr = 0;
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, icc_pmr, &pmr), 0,
		      "is read");
		check((long)pmr, 0xf8, "as it was set");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, 0, &pmr), -ENOENT,
		      "no register");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 32, &v), 0,
		      "the lines' levels");
		check(v, 0, "are low");
		check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0xc08, &v), 0,
		      "GICD_ICFGR2: levels");
		check(irq_line(g.vm, SPI(1), 1), 0, "line 33");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 32, &v), 0,
		      "the lines' levels");
		check(v, 2, "that one is high");
	} else {
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 4, &v), 0, "GICC_PMR");
		v = 0x1f;
		check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 4, &v), 0, "is set");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 4, &v), 0, "is read");
		check(v, 0x1f, "as it was set");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 1ul << 32 | 0, &v), 0,
		      "the second's GICC_CTLR");
		check(get_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 2ul << 32 | 0, &v), -EINVAL,
		      "there is no third");
	}
	guest_free(&g);
	end();
}

/* ---- lines ---- */

static void line_errors(void)
{
	struct guest g;

	begin("ioctl: KVM_IRQ_LINE: errors");
	guest_make(&g, 1, 0);
	check(irq_line(g.vm, SPI(0), 1), -ENXIO, "an SPI without a controller");
	check(irq_line(g.vm, PPI(20), 1), -ENXIO, "a PPI without a controller");
	check(irq_line(g.vm, CPU_IRQ(2), 1), -EINVAL, "a vCPU's third line");
	check(irq_line(g.vm, CPU_IRQ(0) | 1u << KVM_ARM_IRQ_VCPU_SHIFT, 1), -EINVAL,
	      "of a vCPU that is not there");
	check(irq_line(g.vm, 3u << KVM_ARM_IRQ_TYPE_SHIFT, 1), -EINVAL, "an unknown kind");
	guest_free(&g);
	make(&g, 1);
	check(irq_line(g.vm, CPU_IRQ(0), 1), -ENXIO, "a vCPU's line beside a controller");
	check(irq_line(g.vm, PPI(15), 1), -EINVAL, "an SGI");
	check(irq_line(g.vm, PPI(32), 1), -EINVAL, "an SPI as a PPI");
	check(irq_line(g.vm, PPI(20) | 1u << KVM_ARM_IRQ_VCPU_SHIFT, 1), -EINVAL,
	      "a PPI of a vCPU that is not there");
	check(irq_line(g.vm, KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 31, 1), -EINVAL,
	      "a PPI as an SPI");
	check(irq_line(g.vm, SPI(224), 1), -EINVAL, "an SPI past the last");
	check(irq_line(g.vm, SPI(223), 1), 0, "the last SPI");
	check(irq_line(g.vm, SPI(223), 0), 0, "and low");
	FAULTS(IN, sizeof(struct kvm_irq_level), ioctl, g.vm, KVM_IRQ_LINE, bad);
	guest_free(&g);
	end();
}

static void lines(void)
{
	struct guest g;

	begin("ioctl: KVM_IRQ_LINE, KVM_RUN: an SPI and a PPI by level");
	make(&g, 1);
	BEGIN(&g, 0, waits, 3);
	none_yet(&g, 1);
	check(irq_line(g.vm, PPI(27), 1), 0, "the timer's own is nothing for the caller");
	check(irq_line(g.vm, SPI(5), 1), 0, "SPI 5 is high");
	check(next_taken(&g, 0), 37, "is taken");
	check(next_taken(&g, 0), 37, "again, for it is high still");
	check(irq_line(g.vm, SPI(5), 0), 0, "SPI 5 is low");
	alarm_each(30);
	check(next_taken(&g, 0), -EINTR, "no more");
	check(irq_line(g.vm, PPI(20), 1), 0, "PPI 20 is high");
	check(next_taken(&g, 0), 20, "is taken");
	check(irq_line(g.vm, PPI(20), 0), 0, "PPI 20 is low");
	check(next_taken(&g, 0), -AT_DONE, "all three");
	/* High and low again before the guest looks: nothing is left of a level. */
	BEGIN(&g, 0, goes_on, 1);
	check(irq_line(g.vm, SPI(6), 1), 0, "SPI 6 is high");
	check(irq_line(g.vm, SPI(6), 0), 0, "and low");
	check(irq_line(g.vm, SPI(7), 1), 0, "SPI 7 is high");
	check(next_taken(&g, 0), 39, "that one is taken");
	irq_line(g.vm, SPI(7), 0);
	check(next_taken(&g, 0), -AT_DONE, "alone");
	/* By edges it is otherwise. */
	BEGIN(&g, 0, sets_edge, 2);
	none_yet(&g, 4);
	check(irq_line(g.vm, SPI(6), 1), 0, "SPI 6 is high");
	check(irq_line(g.vm, SPI(6), 0), 0, "and low");
	check(next_taken(&g, 0), 38, "its edge is taken");
	check(irq_line(g.vm, SPI(6), 1), 0, "SPI 6 is high");
	check(next_taken(&g, 0), 38, "its edge is taken");
	check(next_taken(&g, 0), -AT_DONE, "once, though it is high still");
	guest_free(&g);
	end();
}

/* More at once than any controller has list registers, taken by priority and then by number. */
static void many(void)
{
	struct guest g;
	uint64_t seen = 0;

	begin("KVM_RUN: 32 SPIs at once");
	make(&g, 1);
	BEGIN(&g, 0, waits, 32);
	none_yet(&g, 1);
	for (unsigned int i = 0; i < 32; i++)
		check(irq_line(g.vm, SPI(i), 1), 0, "SPI %u", i);
	for (unsigned int i = 0; i < 32; i++) {
		long n = next_taken(&g, 0);

		if (!expect(n >= 32 && n < 64, "an SPI: %ld", n))
			break;
		seen |= 1ul << (n - 32);
		irq_line(g.vm, SPI((unsigned int)n - 32), 0);
	}
	check((long)seen, 0xffffffff, "each of them once");
	check(next_taken(&g, 0), -AT_DONE, "all");
	/* One of higher priority goes before what waits. */
	uint32_t low = 0xa0a0a0a0, high = 0xa0a01090;

	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x420, &high), 0,
	      "SPI 1 has a high priority");
	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x424, &low), 0, "others a low one");
	check(irq_line(g.vm, SPI(4), 1), 0, "SPI 4");
	check(irq_line(g.vm, SPI(0), 1), 0, "SPI 0");
	check(irq_line(g.vm, SPI(1), 1), 0, "SPI 1");
	BEGIN(&g, 0, goes_on, 3);
	check(next_taken(&g, 0), 33, "SPI 1 first");
	irq_line(g.vm, SPI(1), 0);
	check(next_taken(&g, 0), 32, "SPI 0 then");
	irq_line(g.vm, SPI(0), 0);
	check(next_taken(&g, 0), 36, "SPI 4 last");
	irq_line(g.vm, SPI(4), 0);
	check(next_taken(&g, 0), -AT_DONE, "all");
	guest_free(&g);
	end();
}

static uint32_t active_spis(struct guest *g)
{
	uint32_t v = 0;

	check(get_attr(g->gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x304, &v), 0, "GICD_ISACTIVER1");
	return v;
}

/* The guest deactivates SPI @n: GICC_DIR or ICC_DIR_EL1. */
static void deactivate(struct guest *g, unsigned int n)
{
	guest_at(g, 0, 0x3000);
	SET_X(g, 1, 32 + n);
	check(guest_run(g), AT_DONE, "SPI %u is deactivated", n);
}

/*
 * EOImode 1: as many are active as the guest likes, more than there are list registers, and it ends
 * them in any order.  Under Linux's KVM as many as these hold, four here: nothing else comes then.
 */
static void many_active(void)
{
	static const unsigned char order[] = { 5, 11, 0, 3, 8, 1, 10, 2, 9, 4, 7, 6 };
	struct utsname kernel = { .sysname = "" };
	struct guest g;
	uint64_t seen = 0;

	uname(&kernel);
	bool linux_kvm = !strstr(kernel.version, "newel") && !strstr(kernel.release, "newel");
	unsigned int many = linux_kvm ? 4 : 12, all = (1u << many) - 1;

	begin("KVM_RUN: SPIs that are active at once, EOImode 1, deactivated in any order");
	make(&g, 1);
	if (g.gic_version == 3) {
		BEGIN(&g, 0, drops_v3, many);
		guest_put(&g, 0x3000, ends_v3, ends_v3_end);
	} else {
		BEGIN(&g, 0, drops_v2, many);
		guest_put(&g, 0x3000, ends_v2, ends_v2_end);
	}
	none_yet(&g, 8);
	for (unsigned int i = 0; i < many; i++)
		check(irq_line(g.vm, SPI(i), 1), 0, "SPI %u", i);
	for (unsigned int i = 0; i < many; i++) {
		long n = next_taken(&g, 0);

		if (!expect(n >= 32 && n < 32 + many, "an SPI: %ld", n))
			break;
		seen |= 1ul << (n - 32);
	}
	check((long)seen, all, "each of them once");
	check(next_taken(&g, 0), -AT_DONE, "all");
	check(active_spis(&g), all, "all are active");
	/* One that pends comes all the same; one that is active comes when it has ended. */
	check(irq_line(g.vm, SPI(3), 0), 0, "SPI 3 falls");
	check(irq_line(g.vm, SPI(3), 1), 0, "and rises");
	if (!linux_kvm) {
		check(irq_line(g.vm, SPI(20), 1), 0, "SPI 20");
		BEGIN(&g, 0, goes_on, 1);
		check(next_taken(&g, 0), 52, "SPI 20 is taken");
		check(next_taken(&g, 0), -AT_DONE, "goes on");
		deactivate(&g, 20);
	}
	BEGIN(&g, 0, goes_on, 1);
	alarm_each(30);
	check(next_taken(&g, 0), -EINTR, "SPI 3 is not");
	for (unsigned int i = 0; i < sizeof(order); i++)
		if (order[i] < many) {
			deactivate(&g, order[i]);
			check(active_spis(&g), all &= ~(1u << order[i]), "it is no more");
		}
	check(active_spis(&g), 0, "none is active");
	BEGIN(&g, 0, goes_on, 1);
	check(next_taken(&g, 0), 35, "SPI 3 again");
	check(next_taken(&g, 0), -AT_DONE, "and no more");
	check(active_spis(&g), 8, "it is active");
	deactivate(&g, 3);
	check(active_spis(&g), 0, "no more");
	guest_free(&g);
	end();
}

static void *second_waits(void *arg)
{
	struct guest *g = arg;

	return (void *)next_taken(g, 1);
}

static void software(void)
{
	struct guest g;
	pthread_t t;
	void *r;

	begin("KVM_RUN: SGIs, to itself and to another vCPU that waits");
	make(&g, 2);
	if (g.gic_version == 3)
		BEGIN(&g, 0, sgi_v3, 1);
	else
		BEGIN(&g, 0, sgi_v2, 1);
	check(next_taken(&g, 0), 5, "SGI 5 to itself");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	BEGIN(&g, 1, waits, 1);
	pthread_create(&t, NULL, second_waits, &g);
	usleep(20000);
	if (g.gic_version == 3)
		BEGIN(&g, 0, to_second_v3, 1);
	else
		BEGIN(&g, 0, to_second_v2, 1);
	check(next_taken(&g, 0), -AT_DONE, "SGI 6 to the second");
	pthread_join(t, &r);
	check((long)r, 6, "is taken by it");
	check(next_taken(&g, 1), -AT_DONE, "goes on");
	/* An SPI ends its wait from outside. */
	BEGIN(&g, 0, waits, 1);
	alarm_each(20);
	check(next_taken(&g, 0), -EINTR, "the first waits");
	check(irq_line(g.vm, SPI(3), 1), 0, "SPI 3");
	check(next_taken(&g, 0), 35, "is taken");
	guest_free(&g);
	end();
}

/* ---- timers ---- */

static void timers(void)
{
	struct guest g;
	uint64_t frq;
	int irq;

	begin("KVM_RUN: the virtual and the physical timer");
	__asm__("mrs %0, cntfrq_el0" : "=r"(frq));
	make(&g, 1);
	BEGIN(&g, 0, virtual_timer, 1);
	set_reg(g.cpu[0], X_ID(1), frq / 50);
	check(next_taken(&g, 0), 27, "the virtual timer, 20 ms");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	BEGIN(&g, 0, virtual_timer, 1);
	set_reg(g.cpu[0], X_ID(1), 0);
	check(next_taken(&g, 0), 27, "the virtual timer, at once");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	BEGIN(&g, 0, physical_timer, 1);
	set_reg(g.cpu[0], X_ID(1), frq / 50);
	check(next_taken(&g, 0), 30, "the physical timer, 20 ms");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	check(get_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq), 0,
	      "the virtual timer's PPI");
	check(irq, 27, "is it");
	irq = 28;
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq),
	      -EBUSY, "after a run it stays");
	guest_free(&g);
	end();
	begin("ioctl: KVM_SET_DEVICE_ATTR of a vCPU: the timers' PPIs");
	guest_make(&g, 1, 0);
	irq = 20;
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq),
	      -EINVAL, "without a controller");
	guest_free(&g);
	make(&g, 1);
	check(has_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER), 0,
	      "the virtual timer's");
	check(has_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_PTIMER), 0,
	      "the physical timer's");
	check(has_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, 9), -ENXIO, "of no timer");
	check(has_attr(g.cpu[0], 99, 0), -ENXIO, "an unknown group");
	check(set_attr(g.cpu[0], 99, 0, &irq), -ENXIO, "an unknown group");
	check(get_attr(g.cpu[0], 99, 0, &irq), -ENXIO, "an unknown group");
	irq = 15;
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq),
	      -EINVAL, "an SGI");
	irq = 32;
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq),
	      -EINVAL, "an SPI");
	irq = 20;
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, 9, &irq), -ENXIO, "of no timer");
	for (int at = 0; hostile_pointer(&at, 4, IN);)
		check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, 0, bad), -EFAULT, "from %s",
		      bad_name);
	for (int at = 0; hostile_pointer(&at, 4, OUT);)
		check(get_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, 0, bad), -EFAULT, "to %s",
		      bad_name);
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq), 0,
	      "PPI 20");
	BEGIN(&g, 0, virtual_timer, 1);
	set_reg(g.cpu[0], X_ID(1), frq / 100);
	check(next_taken(&g, 0), 20, "comes as that");
	guest_free(&g);
	make(&g, 1);
	irq = 30;
	check(set_attr(g.cpu[0], KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &irq), 0,
	      "the physical timer's");
	BEGIN(&g, 0, virtual_timer, 1);
	check(next_taken(&g, 0), -EINVAL, "two timers with one PPI");
	guest_free(&g);
	end();
}

/*
 * A vCPU whose controller is the caller's: its line is told to it, and the timer's to the
 * caller.
 */
static void without_controller(void)
{
	struct guest g;
	uint64_t frq;

	begin("ioctl: KVM_IRQ_LINE of a vCPU without a controller; its timer in struct kvm_run");
	__asm__("mrs %0, cntfrq_el0" : "=r"(frq));
	guest_make(&g, 1, 0);
	guest_load(&g, 0, no_controller);
	check(guest_run_for(&g, 30), -EINTR, "nothing yet");
	check(irq_line(g.vm, CPU_IRQ(KVM_ARM_IRQ_CPU_IRQ), 1), 0, "IRQ is high");
	check(guest_run(&g), FAULTED, "an exception");
	check(X(&g, 13), 5, "IRQ's vector");
	check(irq_line(g.vm, CPU_IRQ(KVM_ARM_IRQ_CPU_IRQ), 0), 0, "IRQ is low");
	guest_load(&g, 0, no_controller);
	check(irq_line(g.vm, CPU_IRQ(KVM_ARM_IRQ_CPU_FIQ), 1), 0, "FIQ is high");
	check(guest_run(&g), FAULTED, "an exception");
	check(X(&g, 13), 6, "FIQ's vector");
	check(irq_line(g.vm, CPU_IRQ(KVM_ARM_IRQ_CPU_FIQ), 0), 0, "FIQ is low");
	guest_load(&g, 0, timer_alone);
	SET_X(&g, 1, frq / 50);
	check(g.run[0]->s.regs.device_irq_level, 0, "the timer's line is low");
	check(guest_run_for(&g, 20000), -EINTR, "its timer ends the run");
	check(rang, 0, "before the alarm");
	check((long)g.run[0]->s.regs.device_irq_level, KVM_ARM_DEV_EL1_VTIMER, "its line is high");
	check(set_reg(g.cpu[0], ARM64_SYS_REG(3, 3, 14, 3, 1), 0), 0, "the timer is off");
	check(guest_run_for(&g, 30), -EINTR, "runs on");
	check((long)g.run[0]->s.regs.device_irq_level, 0, "its line is low");
	guest_free(&g);
	end();
}

/* ---- eventfds ---- */

static long irqfd(int vm, int fd, unsigned int gsi, unsigned int flags, int resample)
{
	struct kvm_irqfd i = { .fd = (unsigned int)fd,
			       .gsi = gsi,
			       .flags = flags,
			       .resamplefd = (unsigned int)resample };

	return sys(ioctl, vm, KVM_IRQFD, &i);
}

static long add(int fd, uint64_t n)
{
	return sys(write, fd, &n, 8);
}

static long take(int fd)
{
	uint64_t n = 0;
	long r = sys(read, fd, &n, 8);

	return r == 8 ? (long)n : r;
}

static void irqfds(void)
{
	struct guest g;
	int e = eventfd(0, EFD_NONBLOCK), f = eventfd(0, EFD_NONBLOCK), pipes[2];

	begin("ioctl: KVM_IRQFD: an interrupt by an eventfd");
	check(pipe(pipes), 0, "pipe");
	guest_make(&g, 1, 0);
	check(irqfd(g.vm, e, 8, 0, 0), -EAGAIN, "without a controller");
	guest_free(&g);
	make(&g, 1);
	check(irqfd(g.vm, -1, 8, 0, 0), -EBADF, "no descriptor");
	check(irqfd(g.vm, pipes[0], 8, 0, 0), -EINVAL, "a pipe");
	check(irqfd(g.vm, e, 8, 4, 0), -EINVAL, "an unknown flag");
	check(irqfd(g.vm, e, 4096, 0, 0), 0, "line 4096, which leads nowhere");
	check(irqfd(g.vm, e, 4096, KVM_IRQFD_FLAG_DEASSIGN, 0), 0, "away");
	check(irqfd(g.vm, e, 8, KVM_IRQFD_FLAG_RESAMPLE, -1), -EBADF, "no descriptor to resample");
	check(irqfd(g.vm, e, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0, "away, which it never was");
	check(irqfd(g.vm, e, 8, 0, 0), 0, "SPI 8");
	check(irqfd(g.vm, e, 9, 0, 0), -EBUSY, "the same eventfd again");
	check(irqfd(g.vm, f, 8, 0, 0), 0, "another for the same SPI");
	FAULTS(IN, sizeof(struct kvm_irqfd), ioctl, g.vm, KVM_IRQFD, bad);
	BEGIN(&g, 0, sets_edge, 3);
	none_yet(&g, 4);
	check(add(e, 1), 8, "the eventfd counts");
	check(next_taken(&g, 0), 40, "SPI 8 is taken");
	check(take(e), -EAGAIN, "its count is gone");
	check(add(f, 5), 8, "the other counts");
	check(next_taken(&g, 0), 40, "SPI 8 is taken");
	check(irqfd(g.vm, e, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0, "away");
	check(add(e, 1), 8, "the eventfd counts");
	alarm_each(30);
	check(next_taken(&g, 0), -EINTR, "which is nothing now");
	check(take(e), 1, "its count is there");
	/* One that has counted before it is bound. */
	add(e, 1);
	check(irqfd(g.vm, e, 9, 0, 0), 0, "SPI 9 by an eventfd that has counted");
	check(next_taken(&g, 0), 41, "SPI 9 is taken");
	close(f); /* an eventfd that is closed is bound no more */
	guest_free(&g);
	add(e, 1); /* and one whose machine is gone is an eventfd */
	check(take(e), 1, "the machine is gone");
	end();
	begin("ioctl: KVM_IRQFD: KVM_IRQFD_FLAG_RESAMPLE: a level, and when the guest has ended "
	      "it");
	make(&g, 1);
	f = eventfd(0, EFD_NONBLOCK);
	check(irqfd(g.vm, e, 10, KVM_IRQFD_FLAG_RESAMPLE, f), 0, "SPI 10");
	BEGIN(&g, 0, waits, 1);
	check(add(e, 1), 8, "the eventfd counts");
	check(next_taken(&g, 0), 42, "SPI 10 is taken");
	check(take(f), -EAGAIN, "the guest has not ended it");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	check(take(f), 1, "now it has");
	check(irqfd(g.vm, e, 10, KVM_IRQFD_FLAG_DEASSIGN, 0), 0, "away");
	guest_free(&g);
	make(&g, 1);
	check(irqfd(g.vm, e, 10, 0, 0), 0, "SPI 10, without a resamplefd");
	BEGIN(&g, 0, waits, 1);
	check(add(e, 1), 8, "the eventfd counts");
	check(next_taken(&g, 0), 42, "a level is taken, too");
	check(irq_line(g.vm, SPI(10), 0), 0, "it stayed up until now");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	guest_free(&g);
	close(e);
	close(f);
	close(pipes[0]);
	close(pipes[1]);
	end();
}

#define LINES 300

/* A VMM that has very many of them. */
static void many_resamplers(void)
{
	struct rlimit old, more;
	int e[LINES], f[LINES], told = 0;
	struct guest g;

	begin("ioctl: KVM_IRQFD: %d resamplefds of a line, and all are told", LINES);
	getrlimit(RLIMIT_NOFILE, &old);
	more = (struct rlimit){ 1000, old.rlim_max };
	check(setrlimit(RLIMIT_NOFILE, &more), 0, "setrlimit");
	make(&g, 1);
	for (int n = 0; n < LINES; n++) {
		e[n] = eventfd(0, EFD_NONBLOCK);
		f[n] = eventfd(0, EFD_NONBLOCK);
		check(irqfd(g.vm, e[n], 10, KVM_IRQFD_FLAG_RESAMPLE, f[n]), 0, "number %d", n);
	}
	BEGIN(&g, 0, waits, 1);
	check(add(e[0], 1), 8, "the first counts");
	check(next_taken(&g, 0), 42, "SPI 10 is taken");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	for (int i = 0; i < LINES; i++) {
		told += take(f[i]) == 1;
		check(irqfd(g.vm, e[i], 10, KVM_IRQFD_FLAG_DEASSIGN, 0), 0, "away");
		close(e[i]);
		close(f[i]);
	}
	check(told, LINES, "told");
	guest_free(&g);
	setrlimit(RLIMIT_NOFILE, &old);
	end();
}

static long ioeventfd(int vm, int fd, uint64_t at, unsigned int len, unsigned int flags,
		      uint64_t match)
{
	struct kvm_ioeventfd i = {
		.datamatch = match, .addr = at, .len = len, .fd = fd, .flags = flags
	};

	return sys(ioctl, vm, KVM_IOEVENTFD, &i);
}

static void ioeventfds(void)
{
	struct guest g;
	int e = eventfd(0, EFD_NONBLOCK), f = eventfd(0, EFD_NONBLOCK),
	    any = eventfd(0, EFD_NONBLOCK), pipes[2];
	uint64_t at = DEVICE + 0x100;

	begin("ioctl: KVM_IOEVENTFD: a store that is an event");
	check(pipe(pipes), 0, "pipe");
	guest_make(&g, 1, 0);
	check(ioeventfd(g.vm, -1, at, 4, 0, 0), -EBADF, "no descriptor");
	check(ioeventfd(g.vm, pipes[0], at, 4, 0, 0), -EINVAL, "a pipe");
	check(ioeventfd(g.vm, e, at, 3, 0, 0), -EINVAL, "three bytes");
	check(ioeventfd(g.vm, e, at, 16, 0, 0), -EINVAL, "sixteen bytes");
	check(ioeventfd(g.vm, e, -2ul, 4, 0, 0), -EINVAL, "addresses that wrap");
	check(ioeventfd(g.vm, e, at, 4, 32, 0), -EINVAL, "an unknown flag");
	check(ioeventfd(g.vm, e, at, 0, KVM_IOEVENTFD_FLAG_DATAMATCH, 0), -EINVAL,
	      "any length, and certain data");
	check(ioeventfd(g.vm, e, at, 4, KVM_IOEVENTFD_FLAG_DEASSIGN, 0), -ENOENT,
	      "away, which it never was");
	check(ioeventfd(g.vm, e, at, 4, KVM_IOEVENTFD_FLAG_DATAMATCH, 7), 0,
	      "four bytes that are 7");
	check(ioeventfd(g.vm, f, at, 4, KVM_IOEVENTFD_FLAG_DATAMATCH, 7), -EEXIST, "twice");
	check(ioeventfd(g.vm, f, at, 4, KVM_IOEVENTFD_FLAG_DATAMATCH, 8), 0,
	      "four bytes that are 8");
	check(ioeventfd(g.vm, f, at, 4, 0, 0), -EEXIST, "four bytes of any kind");
	check(ioeventfd(g.vm, any, at, 8, 0, 0), 0, "eight bytes of any kind");
	FAULTS(IN, sizeof(struct kvm_ioeventfd), ioctl, g.vm, KVM_IOEVENTFD, bad);
	guest_load(&g, 0, notifies);
	SET_X(&g, 1, 7);
	SET_X(&g, 2, 8);
	check(guest_run(&g), AT_MMIO, "the first that is an exit");
	check(g.run[0]->mmio.len, 1, "is the one byte");
	check(take(e), 1, "7 was an event");
	check(take(f), 1, "8 was an event");
	check(guest_run(&g), AT_DONE, "goes on");
	check(take(any), 1, "eight bytes were an event");
	check(ioeventfd(g.vm, e, at, 4, KVM_IOEVENTFD_FLAG_DEASSIGN | KVM_IOEVENTFD_FLAG_DATAMATCH,
			8),
	      -ENOENT, "away with other data");
	check(ioeventfd(g.vm, f, at, 4, KVM_IOEVENTFD_FLAG_DEASSIGN | KVM_IOEVENTFD_FLAG_DATAMATCH,
			7),
	      -ENOENT, "away by another");
	check(ioeventfd(g.vm, e, at, 4, KVM_IOEVENTFD_FLAG_DEASSIGN | KVM_IOEVENTFD_FLAG_DATAMATCH,
			7),
	      0, "away");
	guest_load(&g, 0, notifies);
	check(guest_run(&g), AT_MMIO, "is an exit now");
	check(g.run[0]->mmio.len, 4, "of four bytes");
	check(ioeventfd(g.vm, e, DEVICE + 0x200, 0, 0, 0), 0, "any length");
	/* Loads are exits. */
	check(take(e), -EAGAIN, "nothing more");
	guest_free(&g);
	close(e);
	close(f);
	close(any);
	close(pipes[0]);
	close(pipes[1]);
	end();
}

static void routing(void)
{
	struct guest g;
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[3];
	} r = { .head = { .nr = 1 } };
	int e = eventfd(0, EFD_NONBLOCK), f = eventfd(0, EFD_NONBLOCK);

	begin("ioctl: KVM_SET_GSI_ROUTING: another SPI for a line");
	guest_make(&g, 1, 0);
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "without a controller");
	guest_free(&g);
	make(&g, 1);
	r.entry[0] = (struct kvm_irq_routing_entry){ .gsi = 3,
						     .type = KVM_IRQ_ROUTING_IRQCHIP,
						     .u.irqchip = { 0, 20 } };
	r.head.flags = 1;
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "a flag");
	r.head.flags = 0;
	r.head.nr = 4097;
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "4097 entries");
	r.head.nr = 1;
	r.entry[0].gsi = 4096;
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "line 4096");
	r.entry[0].gsi = 3;
	r.entry[0].type = 99;
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "an unknown kind");
	r.entry[0].type = KVM_IRQ_ROUTING_IRQCHIP;
	r.entry[0].u.irqchip.irqchip = 1;
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "another controller");
	r.entry[0].u.irqchip.irqchip = 0;
	r.entry[0].flags = 1;
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), -EINVAL, "an entry's flag");
	r.entry[0].flags = 0;
	FAULTS(IN, sizeof(r.head), ioctl, g.vm, KVM_SET_GSI_ROUTING, bad);
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), 0, "line 3 is SPI 20");
	check(irqfd(g.vm, e, 3, 0, 0), 0, "by an eventfd");
	check(irqfd(g.vm, f, 0, 0, 0), 0, "line 0, which leads nowhere now");
	BEGIN(&g, 0, sets_edge, 1);
	add(f, 1);
	none_yet(&g, 4);
	add(e, 1);
	check(next_taken(&g, 0), 52, "SPI 20 is taken");
	guest_free(&g);
	close(e);
	close(f);
	end();
}

/* The guest ends an SPI: who is told is who has a line that leads there now. */
static void resample_routes(void)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[1];
	} r = { .head = { .nr = 1 },
		.entry = {
			{ .gsi = 10, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = { 0, 20 } } } };
	int e = eventfd(0, EFD_NONBLOCK), told = eventfd(0, EFD_NONBLOCK);
	int last = eventfd(0, EFD_NONBLOCK), last_told = eventfd(0, EFD_NONBLOCK);
	struct guest g;

	begin("ioctl: KVM_IRQFD: KVM_IRQFD_FLAG_RESAMPLE of lines whose routes change");
	make(&g, 1);
	check(irqfd(g.vm, e, 10, KVM_IRQFD_FLAG_RESAMPLE, told), 0, "line 10");
	check(irqfd(g.vm, last, 4095, KVM_IRQFD_FLAG_RESAMPLE, last_told), 0, "line 4095");
	BEGIN(&g, 0, waits, 1);
	check(irq_line(g.vm, SPI(10), 1), 0, "SPI 10 is high");
	check(next_taken(&g, 0), 42, "is taken");
	check(sys(ioctl, g.vm, KVM_SET_GSI_ROUTING, &r), 0, "line 10 is SPI 20 now");
	check(irq_line(g.vm, SPI(10), 0), 0, "SPI 10 is low");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	check(take(told), -EAGAIN, "it is no line's any more");
	check(take(last_told), -EAGAIN, "nor the last line's");
	BEGIN(&g, 0, goes_on, 1);
	check(add(e, 1), 8, "the eventfd counts");
	check(next_taken(&g, 0), 52, "SPI 20 is taken");
	check(next_taken(&g, 0), -AT_DONE, "goes on");
	check(take(told), 1, "who has raised it is told");
	check(take(last_told), -EAGAIN, "nobody else");
	guest_free(&g);
	close(e);
	close(told);
	close(last);
	close(last_told);
	end();
}

int main(void)
{
	open_kvm();
	devices();
	attributes();
	registers();
	line_errors();
	lines();
	many();
	many_active();
	software();
	timers();
	without_controller();
	irqfds();
	many_resamplers();
	ioeventfds();
	routing();
	resample_routes();
	return tap_done();
}
