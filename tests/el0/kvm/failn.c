/*
 * failn.c - every allocation that the kernel makes in a machine's life fails in turn (/dev/fail):
 * the call that lacks it says so or does without, what comes behind it finds what there is, and all
 * memory and all descriptors are back.  Linux has no /dev/fail: there the life is lived once.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <sys/time.h>

#include "tests/el0/kvm/guest.h"

#define RUNS_MAX 2000
#define TIMES	 5
#define CACHED	 (3 * 4096) /* one for each time would be more */
#define SIZE	 0x400000ul

/* clang-format off */
GUEST(stores, "1: str w1, [x20]\n str w1, [x20, #4]\n b 1b\n");
/* clang-format on */

static int fail_fd;
static const char *call; /* the last one that failed */

/*
 * Only a lack is an answer, or that something is not there because of one before: EBUSY, a
 * controller that is not whole; EIO, a machine that could not begin to run.
 */
static int may(long r, const char *what)
{
	if (r >= 0 || r == -EINTR)
		return (int)r;
	call = what;
	if (r != -ENOMEM && r != -EAGAIN && r != -ENFILE && r != -EBADF && r != -ENOEXEC &&
	    r != -EINVAL && r != -ENXIO && r != -ENODEV && r != -EFAULT && r != -ENOENT &&
	    r != -EBUSY && r != -EIO)
		check(r, -ENOMEM, "%s", what);
	return -1;
}
#define MAY(fd, request, arg) may(sys(ioctl, fd, request, arg), #request)

struct machine {
	int vm, cpu[2], gic, event[2], stats[2];
	char *mem;
	struct kvm_run *run;
};

static void make_controller(struct machine *m)
{
	uint64_t dist = GICD, other;
	bool v3 = m->vm >= 0 && host_gic(m->vm) == 3;

	other = v3 ? GICR : GICC;
	m->gic = may(new_device(m->vm, v3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2, 0),
		     "KVM_CREATE_DEVICE");
	may(set_attr(m->gic, KVM_DEV_ARM_VGIC_GRP_ADDR,
		     v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST, &dist),
	    "the distributor's address");
	may(set_attr(m->gic, KVM_DEV_ARM_VGIC_GRP_ADDR,
		     v3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST : KVM_VGIC_V2_ADDR_TYPE_CPU, &other),
	    "the other address");
	may(set_attr(m->gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL),
	    "KVM_DEV_ARM_VGIC_CTRL_INIT");
}

static void make_lines(struct machine *m)
{
	struct kvm_irqfd irqfd = {
		(__u32)m->event[0], 5, KVM_IRQFD_FLAG_RESAMPLE, (__u32)m->event[1], { 0 }
	};
	struct kvm_ioeventfd store = { .addr = DEVICE, .len = 4, .fd = m->event[0] };
	struct kvm_coalesced_mmio_zone zone = { .addr = DEVICE, .size = 4096 };
	struct {
		struct kvm_irq_routing r;
		struct kvm_irq_routing_entry e[2];
	} routes = { { .nr = 2 },
		     { { .gsi = 1, .type = 1, .u.irqchip = { 0, 1 } },
		       { .gsi = 2, .type = 1, .u.irqchip = { 0, 2 } } } };

	MAY(m->vm, KVM_IRQFD, &irqfd);
	MAY(m->vm, KVM_IOEVENTFD, &store);
	MAY(m->vm, KVM_REGISTER_COALESCED_MMIO, &zone);
	MAY(m->vm, KVM_SET_GSI_ROUTING, &routes);
}

static void make_machine(struct machine *m)
{
	m->vm = MAY(dev_kvm, KVM_CREATE_VM, 0);
	m->event[0] = may(sys(eventfd2, 0, EFD_NONBLOCK), "eventfd2");
	m->event[1] = may(sys(eventfd2, 0, EFD_NONBLOCK), "eventfd2");
	m->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	may(set_slot(m->vm, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, SIZE, m->mem), "memory");
	for (int i = 0; i < 2; i++)
		m->cpu[i] = MAY(m->vm, KVM_CREATE_VCPU, i);
	m->run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->cpu[0], 0);
	for (int i = 0; i < 2; i++)
		may(vcpu_init(m->vm, m->cpu[i], 1u << KVM_ARM_VCPU_PSCI_0_2), "KVM_ARM_VCPU_INIT");
	make_controller(m);
	make_lines(m);
	m->stats[0] = MAY(m->vm, KVM_GET_STATS_FD, 0);
	m->stats[1] = MAY(m->cpu[0], KVM_GET_STATS_FD, 0);
}

static void use_machine(struct machine *m)
{
	static uint64_t bits[SIZE / 4096 / 64];
	struct kvm_dirty_log log = { .dirty_bitmap = bits };
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP };
	uint64_t one = 1;

	if (m->mem != MAP_FAILED) {
		memcpy(m->mem, stores, (size_t)(stores_end - stores));
		__builtin___clear_cache(m->mem, m->mem + 64);
	}
	MAY(m->cpu[0], KVM_SET_GUEST_DEBUG, &debug);
	debug.control = 0;
	MAY(m->cpu[0], KVM_SET_GUEST_DEBUG, &debug);
	may(set_reg(m->cpu[0], X_ID(20), DEVICE), "x20");
	may(set_reg(m->cpu[0], PC_ID, RAM), "pc");
	MAY(m->cpu[0], KVM_RUN, 0);
	(void)!write(m->event[0], &one, sizeof(one));
	MAY(m->vm, KVM_GET_DIRTY_LOG, &log);
	MAY(m->cpu[0], KVM_RUN, 0);
}

static void end_machine(struct machine *m)
{
	int fds[] = { m->vm,	   m->gic,	m->cpu[0],   m->cpu[1],
		      m->event[0], m->event[1], m->stats[0], m->stats[1] };

	if (m->run != MAP_FAILED)
		munmap(m->run, (size_t)run_size);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (m->mem != MAP_FAILED)
		munmap(m->mem, SIZE);
}

static void life(void)
{
	struct machine m;

	make_machine(&m);
	use_machine(&m);
	end_machine(&m);
}

/* ---- what is left of it ---- */

static uint64_t free_bytes(void)
{
	struct sysinfo si;

	sysinfo(&si);
	return (uint64_t)si.freeram * si.mem_unit;
}

static long count_descriptors(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_fd, text, (size_t)len, 0) != len)
		_exit(bail_out("/dev/fail"));
}

static unsigned int left_of_it(void)
{
	char text[16] = "";

	(void)!pread(fail_fd, text, sizeof(text) - 1, 0);
	return (unsigned int)atoi(text);
}

static void on_signal(int signo)
{
	(void)signo;
}

/* A run that waits for what failed ends. */
static void ticks(long us)
{
	struct sigaction a = { .sa_handler = on_signal };
	struct itimerval t = { { 0, us }, { 0, us } };

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

/* What comes back by itself in a while, has. */
static uint64_t free_at_last(uint64_t wanted)
{
	for (int i = 0; i < 200 && free_bytes() < wanted; i++)
		usleep(10000);
	return free_bytes();
}

static void every_allocation(void)
{
	long descriptors = count_descriptors();
	unsigned int n = 1, left = 0;

	for (; !left && n < RUNS_MAX; n++) {
		call = "nothing";
		fail_nth(n);
		life();
		left = left_of_it();
		fail_nth(0);
		if (!check(count_descriptors(), descriptors,
			   "descriptors, allocation %u failed, in %s", n, call))
			return;
	}
	expect(n > 20 && n < RUNS_MAX, "%u allocations", n);
	note("%u allocations failed, one after the other", n - 2);
}

/*
 * Again and again: what a first failure leaves in the kernel's caches it leaves once, and what is
 * lost is lost each time.
 */
static void all_of_it(void)
{
	uint64_t before = 0, after = 0;

	for (int i = 0; i < TIMES; i++) {
		every_allocation();
		after = free_at_last(before);
		if (i == 0)
			before = after;
	}
	expect(after + CACHED >= before, "%llu bytes free after the first time, %llu after %d",
	       (unsigned long long)before, (unsigned long long)after, TIMES);
}

int main(void)
{
	open_kvm();
	ticks(30000);
	begin("ioctl: a machine's life in which every allocation fails once");
	fail_fd = open("/dev/fail", O_RDWR);
	for (int i = 0; i < 2; i++) {
		call = NULL;
		life();
		expect(!call, "%s failed", call);
	}
	if (fail_fd >= 0)
		all_of_it();
	call = NULL;
	life();
	expect(!call, "%s failed at last", call);
	end();
	return tap_done();
}
