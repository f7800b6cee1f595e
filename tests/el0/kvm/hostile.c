/*
 * hostile.c - /dev/kvm in the hands of programs that mean harm, or die: every request with every
 * bad pointer, eight threads that make random calls of the same machines, descriptors and
 * mappings that go in every order, processes that are killed in the middle of a run.  Behind
 * each of them a machine works as ever.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define THREADS	 8
#define CALLS	 400
#define MACHINES 3
#define CPUS	 2
#define ARENA	 (1ul << 20)

/* clang-format off */
GUEST(adds, "add x1, x1, #1\n" DONE);
GUEST(repeats, "1: add x1, x1, #1\n str xzr, [x20, #0xff8]\n b 1b\n");
GUEST(spins, "b .\n");
GUEST(sleeps, "wfi\n b .-4\n");
/* Touches what it can reach, calls what it can, and turns on what it can. */
GUEST(roams,
	"mov x1, #0x80000000\n mov x2, #0x08000000\n mov w5, #0\n"
	"1: add w5, w5, #1\n ldr w3, [x2]\n str w5, [x2, #0x100]\n add x1, x1, #4096\n and x1, x1, #0x1fffff\n orr x1, x1, #0x80000000\n"
	"ldr x3, [x1, #0x800]\n str x5, [x1, #0x808]\n mov w0, #0x84000000\n add w0, w0, w5, lsr #27\n hvc #0\n"
	"mov x3, #1\n msr cntv_tval_el0, x5\n msr cntv_ctl_el0, x3\n msr tpidr_el1, x5\n mrs x3, id_aa64mmfr0_el1\n"
	"mov x4, #(3 << 20)\n msr cpacr_el1, x4\n isb\n fmov d3, x5\n yield\n b 1b\n");
/* clang-format on */

static void works(const char *after)
{
	struct guest g;

	guest_make(&g, 1, 0);
	guest_load(&g, 0, adds);
	SET_X(&g, 1, 41);
	check(guest_run(&g), AT_DONE, "a machine runs after %s", after);
	check(X(&g, 1), 42, "and adds after %s", after);
	guest_free(&g);
}

static long descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	long n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

static uint32_t rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ul + 1442695040888963407ul;
	return (uint32_t)(*seed >> 33);
}

/* ---- bad pointers ---- */

static const unsigned int requests[] = {
	KVM_SET_USER_MEMORY_REGION,
	KVM_SET_USER_MEMORY_REGION2,
	KVM_GET_DIRTY_LOG,
	KVM_CLEAR_DIRTY_LOG,
	KVM_IRQ_LINE,
	KVM_IRQ_LINE_STATUS,
	KVM_SET_GSI_ROUTING,
	KVM_IRQFD,
	KVM_IOEVENTFD,
	KVM_SIGNAL_MSI,
	KVM_ARM_SET_DEVICE_ADDR,
	KVM_CREATE_DEVICE,
	KVM_SET_DEVICE_ATTR,
	KVM_GET_DEVICE_ATTR,
	KVM_HAS_DEVICE_ATTR,
	KVM_GET_REGS,
	KVM_SET_REGS,
	KVM_TRANSLATE,
	KVM_SET_SIGNAL_MASK,
	KVM_GET_MP_STATE,
	KVM_SET_MP_STATE,
	KVM_SET_GUEST_DEBUG,
	KVM_GET_VCPU_EVENTS,
	KVM_SET_VCPU_EVENTS,
	KVM_ENABLE_CAP,
	KVM_GET_ONE_REG,
	KVM_SET_ONE_REG,
	KVM_ARM_VCPU_INIT,
	KVM_ARM_PREFERRED_TARGET,
	KVM_GET_REG_LIST,
	KVM_ARM_VCPU_FINALIZE,
	KVM_ARM_MTE_COPY_TAGS,
};

static void bad_pointers(void)
{
	struct guest g;

	begin("ioctl: every request with every bad pointer, of each kind of descriptor");
	guest_make(&g, 1, 0);
	guest_gic(&g);
	int fds[] = { dev_kvm, g.vm, g.cpu[0], g.gic };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (int k = 0; k < 4; k++)
			for (int at = 0; hostile_pointer(&at, 16, OPT_OUT);) {
				long r = sys(ioctl, fds[k], requests[i], bad);

				/* What can be read is only tried: it may be taken. */
				if (at == 5 || at == 6)
					continue;
				if (r != -EFAULT && r != -EINVAL && r != -ENOTTY && r != -ENOENT &&
				    r != -ENXIO)
					expect(requests[i] == KVM_SET_SIGNAL_MASK,
					       "request %#x of descriptor %d with %s: %ld",
					       requests[i], k, bad_name, r);
			}
	guest_free(&g);
	works("bad pointers");
	end();
}

/* ---- random calls ---- */

static struct guest shared[MACHINES];
static char *arena;
static volatile bool done;

static void *some_pointer(uint64_t *seed)
{
	static const uint64_t wrong[] = { 0,	     16,   0xffff800010000000,
					  1ul << 52, -8ul, (1ul << 48) - 4 };

	if (rnd(seed) % 16 == 0)
		return (void *)wrong[rnd(seed) % 6];
	return arena + rnd(seed) % (ARENA - 4096);
}

static uint64_t some_number(uint64_t *seed)
{
	uint64_t n = (uint64_t)rnd(seed) << 32 | rnd(seed);

	return rnd(seed) & 1 ? n >> (rnd(seed) & 63) : rnd(seed) % 8;
}

/* An identifier of a register that is there, or nearly. */
static uint64_t some_register(uint64_t *seed)
{
	static const uint64_t kinds[] = { 0x6030000000100000, 0x6040000000100054,
					  0x603000000013c000, 0x603000000013de00,
					  0x6030000000138000, 0x6020000000110000,
					  0x6030000000140000, 0x6030000000160000 };
	uint64_t id = kinds[rnd(seed) % 8] + rnd(seed) % 0x100;

	return rnd(seed) % 32 ? id : id ^ 1ull << (rnd(seed) & 63);
}

static void random_memory(struct guest *g, uint64_t *seed)
{
	/* Never this program's own memory but the arena: the guests write there. */
	struct kvm_userspace_memory_region r = {
		.slot = rnd(seed) % 6,
		.flags = rnd(seed) % 8 ? rnd(seed) & 3 : rnd(seed),
		.guest_phys_addr = RAM + (rnd(seed) % 64) * 0x40000ul,
		.memory_size = rnd(seed) % 3 ? (rnd(seed) % 16) * 0x1000ul : 0,
		.userspace_addr = (uintptr_t)arena + (rnd(seed) % 128) * 0x1000ul
	};
	struct kvm_dirty_log l = { .slot = rnd(seed) % 6, .dirty_bitmap = arena };

	if (rnd(seed) & 1)
		sys(ioctl, g->vm, KVM_SET_USER_MEMORY_REGION, &r);
	else
		sys(ioctl, g->vm, KVM_GET_DIRTY_LOG, &l);
}

static void random_interrupt(struct guest *g, uint64_t *seed, int event)
{
	struct kvm_irq_level l = {
		{ (rnd(seed) % 4) << 24 | (rnd(seed) % 3) << 16 | rnd(seed) % 300 }, rnd(seed) & 1
	};
	struct kvm_irqfd i = { .fd = (unsigned int)event,
			       .gsi = rnd(seed) % 300,
			       .flags = rnd(seed) % 2 };
	struct kvm_ioeventfd e = { .addr = DEVICE + rnd(seed) % 64,
				   .len = 1u << rnd(seed) % 4,
				   .fd = event,
				   .flags = rnd(seed) % 8 };

	switch (rnd(seed) % 4) {
	case 0: sys(ioctl, g->vm, KVM_IRQFD, &i); break;
	case 1: sys(ioctl, g->vm, KVM_IOEVENTFD, &e); break;
	default: sys(ioctl, g->vm, KVM_IRQ_LINE, &l); break;
	}
}

/* Zones come and go, and whatever is in the ring. */
static void random_zone(struct guest *g, uint64_t *seed)
{
	struct kvm_coalesced_mmio_zone z = { .addr = DEVICE + rnd(seed) % 8192 - 1024,
					     .size = (unsigned int)(rnd(seed) % 4096),
					     .pio = rnd(seed) % 16 == 0 };
	volatile uint32_t *ring = (volatile uint32_t *)(void *)((char *)g->run[0] + 4096);

	switch (rnd(seed) % 4) {
	case 0: ring[rnd(seed) % 2] = (uint32_t)rnd(seed); break;
	case 1: ring[rnd(seed) % 1024] = (uint32_t)(rnd(seed) % 200); break;
	case 2: sys(ioctl, g->vm, KVM_UNREGISTER_COALESCED_MMIO, &z); break;
	default: sys(ioctl, g->vm, KVM_REGISTER_COALESCED_MMIO, &z); break;
	}
}

static void random_device(struct guest *g, uint64_t *seed)
{
	static const unsigned int which[] = { KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR,
					      KVM_HAS_DEVICE_ATTR };
	int fds[] = { g->vm, g->cpu[rnd(seed) % CPUS], g->gic };
	struct kvm_device_attr a = { 0, rnd(seed) % 10,
				     rnd(seed) & 1 ? rnd(seed) % 0x1000 : some_number(seed),
				     (uintptr_t)some_pointer(seed) };
	struct kvm_create_device d = { rnd(seed) % 12, 0, rnd(seed) & 1 };

	if (rnd(seed) % 16)
		sys(ioctl, fds[rnd(seed) % 3], which[rnd(seed) % 3], &a);
	else if (sys(ioctl, g->vm, KVM_CREATE_DEVICE, &d) == 0 && !d.flags)
		close((int)d.fd);
}

static void random_vcpu(struct guest *g, uint64_t *seed)
{
	int n = (int)(rnd(seed) % CPUS), cpu = g->cpu[n];
	struct kvm_one_reg r = { some_register(seed), (uintptr_t)some_pointer(seed) };
	struct kvm_mp_state s = { rnd(seed) % 12 };
	struct kvm_vcpu_init i = { rnd(seed) % 8, { rnd(seed) % 8 } };
	struct kvm_vcpu_events e = { .exception = { rnd(seed) & 1,
						    rnd(seed) & 1,
						    rnd(seed) & 1,
						    { 0 },
						    some_number(seed) } };
	struct kvm_guest_debug d = { .control = rnd(seed) & 0x30003 };

	switch (rnd(seed) % 8) {
	case 0: sys(ioctl, cpu, KVM_GET_ONE_REG, &r); break;
	case 1: sys(ioctl, cpu, KVM_SET_ONE_REG, &r); break;
	case 2: sys(ioctl, cpu, rnd(seed) & 1 ? KVM_GET_MP_STATE : KVM_SET_MP_STATE, &s); break;
	case 3: sys(ioctl, cpu, KVM_ARM_VCPU_INIT, &i); break;
	case 4:
		sys(ioctl, cpu, rnd(seed) & 1 ? KVM_GET_VCPU_EVENTS : KVM_SET_VCPU_EVENTS, &e);
		break;
	case 5: sys(ioctl, cpu, KVM_SET_GUEST_DEBUG, &d); break;
	default: g->run[n]->immediate_exit = rnd(seed) % 4 == 0; sys(ioctl, cpu, KVM_RUN, 0);
	}
	if (rnd(seed) % 8 == 0)
		((char *)g->run[n])[rnd(seed) % 4096] = (char)rnd(seed);
}

static void on_signal(int signo)
{
	(void)signo;
}

/* Every few milliseconds a signal for this thread ends what waits. */
static timer_t own_timer(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2 };
	struct itimerspec t = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t id;

	((int *)&e)[sizeof(e.sigev_value) / 4 + 2] =
		(int)sys(gettid); /* sigev_notify_thread_id has no name in musl */
	if (timer_create(CLOCK_MONOTONIC, &e, &id) || timer_settime(id, 0, &t, NULL))
		_exit(bail_out("no timer"));
	return id;
}

static void *makes_calls(void *arg)
{
	uint64_t seed = (uintptr_t)arg * 7919 + 1;
	int event = eventfd(0, EFD_NONBLOCK);
	timer_t timer = own_timer();

	for (int i = 0; i < CALLS && !done; i++) {
		struct guest *g = &shared[rnd(&seed) % MACHINES];
		uint64_t one = 1;

		switch (rnd(&seed) % 16) {
		case 0: random_memory(g, &seed); break;
		case 1:
		case 2: random_interrupt(g, &seed, event); break;
		case 3:
		case 4: random_device(g, &seed); break;
		case 5: sys(write, event, &one, 8); break;
		case 6: {
			long fd = sys(ioctl, g->vm, KVM_CREATE_VCPU, rnd(&seed) % 10);

			if (fd >= 0)
				close((int)fd);
			break;
		}
		case 7:
			sys(ioctl, rnd(&seed) & 1 ? g->vm : g->cpu[rnd(&seed) % CPUS],
			    requests[rnd(&seed) % 32], some_pointer(&seed));
			break;
		case 8:
			madvise(arena + (rnd(&seed) % 128) * 0x1000ul, 0x4000, MADV_DONTNEED);
			break;
		case 9: random_zone(g, &seed); break;
		default: random_vcpu(g, &seed);
		}
	}
	timer_delete(timer);
	close(event);
	return NULL;
}

static void random_calls(void)
{
	pthread_t t[THREADS];
	struct sigaction a = { .sa_handler = on_signal };
	long before = descriptors();

	begin("ioctl: eight threads with random calls of three machines");
	sigaction(SIGUSR2, &a, NULL);
	arena = pages(ARENA);
	for (int i = 0; i < MACHINES; i++) {
		guest_make(&shared[i], CPUS, 0);
		guest_gic(&shared[i]);
		for (int n = 0; n < CPUS; n++)
			guest_load(&shared[i], n, roams);
	}
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, makes_calls, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < MACHINES; i++)
		guest_free(&shared[i]);
	munmap(arena, ARENA);
	check(descriptors(), before, "no descriptor is left");
	works("random calls");
	end();
}

/* ---- every order ---- */

static void undo(struct guest *g, int what)
{
	switch (what) {
	case 0: close(g->vm); break;
	case 1: close(g->cpu[0]); break;
	case 2: munmap(g->run[0], (size_t)run_size); break;
	case 3: munmap(g->mem, RAM_SIZE); break;
	case 4: close(g->gic); break;
	}
}

static void orders(void)
{
	begin("close, munmap: a machine, its vCPU, struct kvm_run, memory and controller go in "
	      "every order");
	for (int order = 0; order < 120; order++) {
		int left[] = { 0, 1, 2, 3, 4 }, n = 5, o = order;
		struct guest g;

		guest_make(&g, 1, 0);
		guest_gic(&g);
		guest_load(&g, 0, repeats);
		if (order & 1)
			check(guest_run(&g), AT_DONE, "runs");
		while (n) {
			int i = o % n;
			bool has_memory = false, has_cpu = false;

			o /= n;
			undo(&g, left[i]);
			left[i] = left[--n];
			for (int k = 0; k < n; k++) {
				has_cpu |= left[k] == 1;
				has_memory |= left[k] == 3;
			}
			/*
			 * The vCPU keeps what it needs but for the memory, which is this
			 * program's.
			 */
			if (has_cpu && (order & 2)) {
				long r = sys(ioctl, g.cpu[0], KVM_RUN, 0);

				if (has_memory)
					check(r, 0, "runs, in order %d", order);
				else
					check_one_of(r, -EFAULT, 0,
						     "runs without memory, in order %d", order);
			}
		}
	}
	works("that");
	end();
}

static struct guest given;

static void uses_run_page(void)
{
	given.run[0]->immediate_exit = 1;
	ioctl_is(-EIO, given.cpu[0], KVM_RUN, 0);
	ioctl_is(-EIO, given.vm, KVM_CREATE_VCPU, 3);
	given.run[0]->immediate_exit = 0;
}

static void processes(void)
{
	int pair[2], status;

	begin("fork, exit: a child that outlives its parent's machine, one that exits first");
	for (int i = 0; i < 20; i++) {
		guest_make(&given, 1, 0);
		guest_load(&given, 0, adds);
		check(pipe(pair), 0, "pipe");
		pid_t pid = fork();

		if (pid == 0) {
			char c;

			tap_forget();
			close(pair[1]);
			if (i & 1) /* until the parent has closed all of its own */
				check(read(pair[0], &c, 1), 0, "read");
			uses_run_page();
			_exit(tap_failures() != 0);
		}
		close(pair[0]);
		if (i & 1) {
			guest_free(&given);
			close(pair[1]);
			check(waitpid(pid, &status, 0), pid, "waitpid");
		} else {
			check(waitpid(pid, &status, 0), pid, "waitpid");
			check(guest_run(&given), AT_DONE, "the parent's runs");
			guest_free(&given);
			close(pair[1]);
		}
		check(status, 0, "the child, time %d", i);
	}
	works("that");
	end();
}

static void *runs_for_ever(void *arg)
{
	while (guest_run((struct guest *)arg) != 1)
		;
	return NULL;
}

/* A process with guests that spin, that wait, that are off: killed, all of it goes. */
static void with_guests(int i)
{
	static struct guest g[4];
	pthread_t t;

	for (int k = 0; k < 4; k++) {
		guest_make(&g[k], 2, 0);
		if (k & 1)
			guest_gic(&g[k]);
		if (k == 0)
			guest_load(&g[k], 0, sleeps);
		else if (k == 1)
			guest_load(&g[k], 0, roams);
		else
			guest_load(&g[k], 0, spins);
		pthread_create(&t, NULL, runs_for_ever, &g[k]);
	}
	if (i % 3 == 0)
		munmap(g[1].mem, RAM_SIZE);
	if (i % 3 == 1) {
		usleep(3000);
		_exit(0);
	}
	for (;;)
		pause();
}

static void killed(void)
{
	int status;

	begin("kill, exit: a process goes in the middle of KVM_RUN");
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0)
			with_guests(i);
		usleep(1000u * (unsigned int)(i % 10) + 2000);
		kill(pid, SIGKILL);
		check(waitpid(pid, &status, 0), pid, "waitpid");
	}
	works("thirty that died");
	end();
}

/* As many machines as there are descriptors. */
static void no_descriptors(void)
{
	struct rlimit old, few = { 64, 64 };
	int fds[64], n = 0;
	long r;

	begin("ioctl: KVM_CREATE_VM, KVM_CREATE_VCPU, KVM_CREATE_DEVICE without descriptors");
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	check(setrlimit(RLIMIT_NOFILE, &few), 0, "setrlimit");
	while ((r = sys(ioctl, dev_kvm, KVM_CREATE_VM, 0)) >= 0)
		fds[n++] = (int)r;
	check(r, -EMFILE, "KVM_CREATE_VM");
	ioctl_is(-EMFILE, fds[0], KVM_CREATE_VCPU, 0);
	check(new_device(fds[0],
			 host_gic(fds[0]) == 3 ? KVM_DEV_TYPE_ARM_VGIC_V3
					       : KVM_DEV_TYPE_ARM_VGIC_V2,
			 0),
	      -EMFILE, "KVM_CREATE_DEVICE");
	close(fds[--n]);
	r = sys(ioctl, fds[0], KVM_CREATE_VCPU, 0);
	expect(r >= 0, "KVM_CREATE_VCPU when there is one: %ld", r);
	close((int)r);
	while (n)
		close(fds[--n]);
	setrlimit(RLIMIT_NOFILE, &old);
	works("that");
	end();
}

int main(void)
{
	open_kvm();
	mount_proc();
	bad_pointers();
	random_calls();
	orders();
	processes();
	killed();
	no_descriptors();
	return tap_done();
}
