/*
 * stats.c - KVM_GET_STATS_FD: what a machine's and a vCPU's file say of themselves, the counts of
 * what a guest has done, and the files as files.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/el0/kvm/guest.h"

#define CALLS 100

GUEST(calls, "mov x19, #100\n"
	     "1: mov w0, #0x84000000\n"
	     "hvc #0\n"
	     "subs x19, x19, #1\n"
	     "b.ne 1b\n" DONE);
GUEST(stores, "str wzr, [x20, #0x100]\n"
	      "str wzr, [x20, #0x104]\n"
	      "str wzr, [x20]\n" DONE);
GUEST(waits, "1: wfi\n"
	     "b 1b\n");

#define FILE_MAX 16384
static char text[FILE_MAX] __attribute__((aligned(8)));

/* The whole of the file @fd: its bytes. */
static long read_all(int fd)
{
	long n = sys(pread64, fd, text, FILE_MAX, 0);

	expect(n > (long)sizeof(struct kvm_stats_header), "a file: %ld", n);
	return n;
}

static const struct kvm_stats_header *header(void)
{
	return (const void *)text;
}

static const struct kvm_stats_desc *desc(unsigned int i)
{
	const struct kvm_stats_header *h = header();

	return (const void *)(text + h->desc_offset +
			      i * (sizeof(struct kvm_stats_desc) + h->name_size));
}

/* Value @i of what is called @name; -1: there is none. */
static long value(int fd, const char *name, unsigned int i)
{
	read_all(fd);
	for (unsigned int n = 0; n < header()->num_desc; n++)
		if (!strcmp(desc(n)->name, name))
			return ((const long *)(const void *)(text + header()->data_offset +
							     desc(n)->offset))[i];
	return -1;
}

static void describes_itself(int fd, const char *id)
{
	const struct kvm_stats_header *h = header();
	long n = read_all(fd), end = h->data_offset;

	check(h->flags, 0, "%s: flags", id);
	check(h->name_size, 48, "%s: the size of a name", id);
	check(h->id_offset, sizeof(*h), "%s: its name", id);
	check(h->desc_offset, h->id_offset + h->name_size, "%s: descriptors", id);
	check(h->data_offset,
	      h->desc_offset + h->num_desc * (sizeof(struct kvm_stats_desc) + h->name_size),
	      "%s: values", id);
	expect(!strcmp(text + h->id_offset, id), "it is %s: %s", id, text + h->id_offset);
	for (unsigned int i = 0; i < h->num_desc; i++) {
		const struct kvm_stats_desc *d = desc(i);

		expect(strlen(d->name) > 0 && strlen(d->name) < 48, "name %u", i);
		expect((d->flags & 15) <= 4 && (d->flags >> 4 & 15) <= 4 && d->flags >> 8 <= 1,
		       "%s: flags %#x", d->name, d->flags);
		expect(d->size >= 1 && (d->size == 1 || (d->flags & 15) >= 3), "%s: %u of it",
		       d->name, d->size);
		check(d->offset, end - h->data_offset, "%s: where", d->name);
		end += d->size * 8;
	}
	check(end, n, "%s: all of it", id);
}

static int stats_of(int fd)
{
	int stats = (int)sys(ioctl, fd, KVM_GET_STATS_FD, 0);

	expect(stats >= 0, "KVM_GET_STATS_FD: %s", strerror(-stats));
	return stats;
}

static void descriptions(void)
{
	struct guest g;
	char id[48];
	int fd;

	begin("KVM_GET_STATS_FD: a machine's and its vCPUs' files describe themselves");
	guest_make(&g, 2, 0);
	snprintf(id, sizeof(id), "kvm-%d", getpid());
	fd = stats_of(g.vm);
	describes_itself(fd, id);
	close(fd);
	for (int i = 0; i < 2; i++) {
		snprintf(id, sizeof(id), "kvm-%d/vcpu-%d", getpid(), i);
		fd = stats_of(g.cpu[i]);
		describes_itself(fd, id);
		close(fd);
	}
	ioctl_is(-EINVAL, dev_kvm, KVM_GET_STATS_FD, 0);
	guest_free(&g);
	end();
}

static void *add_vcpu(void *g)
{
	struct guest *guest = g;

	guest_cpu(guest, 0, 1u << KVM_ARM_VCPU_PSCI_0_2);
	guest->cpus = 1;
	return (void *)(intptr_t)gettid();
}

static void threads(void)
{
	struct guest g;
	pthread_t t;
	char id[48];
	void *tid;
	int fd;

	begin("KVM_GET_STATS_FD: a vCPU's file is called by the thread that made it");
	guest_make(&g, 0, 0);
	pthread_create(&t, NULL, add_vcpu, &g);
	pthread_join(t, &tid);
	fd = stats_of(g.cpu[0]);
	snprintf(id, sizeof(id), "kvm-%d/vcpu-0", (int)(intptr_t)tid);
	describes_itself(fd, id);
	close(fd);
	guest_free(&g);
	end();
}

static void sleeps(struct guest *g, int fd)
{
	long n = 0;

	guest_gic(g);
	guest_load(g, 0, waits);
	/* Again, if the machine stood still before the guest slept. */
	for (int i = 0; i < 20 && value(fd, "halt_wait_ns", 0) < 50000000; i++)
		check(guest_run_for(g, 100), -EINTR, "a signal ends it");
	expect(value(fd, "wfi_exit_stat", 0) >= 1, "WFI");
	expect(value(fd, "signal_exits", 0) >= 1, "the signal");
	expect(value(fd, "halt_wait_ns", 0) >= 50000000, "it slept");
	for (unsigned int i = 0; i < 32; i++)
		n += value(fd, "halt_wait_hist", i);
	expect(n >= 1, "how long, as powers of two");
	check(value(fd, "blocking", 0), 0, "it does not sleep now");
}

static void counts(void)
{
	struct kvm_coalesced_mmio_zone z = { .addr = DEVICE + 0x100, .size = 8 };
	struct guest g;
	int fd;

	begin("KVM_GET_STATS_FD: a vCPU's counts");
	guest_make(&g, 2, 0);
	fd = stats_of(g.cpu[0]);
	check(value(fd, "exits", 0), 0, "none yet");
	guest_load(&g, 0, calls);
	check(guest_run(&g), AT_DONE, "it ends");
	check(value(fd, "hvc_exit_stat", 0), CALLS, "calls");
	check(value(fd, "mmio_exit_user", 0), 1, "the last store");
	check(value(fd, "mmio_exit_kernel", 0), 0, "no other");
	check(value(fd, "wfe_exit_stat", 0) | value(fd, "wfi_exit_stat", 0), 0, "no waiting");
	expect(value(fd, "exits", 0) > CALLS, "all");
	ioctl_is(0, g.vm, KVM_REGISTER_COALESCED_MMIO, &z);
	guest_load(&g, 0, stores);
	check(guest_run(&g), AT_MMIO, "a store for the VMM");
	check(value(fd, "mmio_exit_kernel", 0), 2, "two for the kernel before");
	check(value(fd, "mmio_exit_user", 0), 2, "and one more");
	guest_free(&g);
	close(fd);
	guest_make(&g, 1, 0);
	fd = stats_of(g.cpu[0]);
	sleeps(&g, fd);
	close(fd);
	guest_free(&g);
	end();
}

static void *runs(void *g)
{
	return (void *)guest_run((struct guest *)g);
}

/* vCPU 0 of @g in a thread, until it is seen in @fd to block, or (@blocks false) for a while. */
static void is_blocking(struct guest *g, bool blocks)
{
	struct sigaction act = { .sa_handler = on_alarm };
	int fd = stats_of(g->cpu[0]);
	pthread_t t;
	void *ret;
	long seen = 0;

	sigaction(SIGALRM, &act, NULL);
	pthread_create(&t, NULL, runs, g);
	for (int i = 0; i < (blocks ? 2000 : 20) && !seen; i++) {
		usleep(10000);
		seen = value(fd, "blocking", 0);
	}
	check(seen, blocks, "blocking");
	g->run[0]->immediate_exit = 1;
	pthread_kill(t, SIGALRM);
	pthread_join(t, &ret);
	check((long)ret, -EINTR, "a signal ends it");
	close(fd);
}

static void blocking(void)
{
	struct guest g;

	begin("KVM_GET_STATS_FD: blocking is to wait for an interrupt, not to be off");
	guest_make(&g, 1, 0);
	guest_gic(&g);
	guest_load(&g, 0, waits);
	is_blocking(&g, true);
	guest_free(&g);
	guest_make(&g, 1, 1u << KVM_ARM_VCPU_POWER_OFF);
	is_blocking(&g, false);
	guest_free(&g);
	end();
}

static void file_is(int fd, const char *name)
{
	static char again[FILE_MAX];
	char path[40], to[64] = "";
	long n = read_all(fd), done = 0, r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readlink(path, to, sizeof(to) - 1);
	expect(!strcmp(to, name), "its name: %s", to);
	check(fcntl(fd, F_GETFD), FD_CLOEXEC, "it is closed by execve");
	check(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY, "it is for reading");
	check(sys(write, fd, again, 1), -EBADF, "write");
	check(sys(lseek, fd, 8, SEEK_SET), 0, "lseek goes nowhere");
	while ((r = sys(read, fd, again + done, 7)) > 0)
		done += r;
	check(r, 0, "its end");
	check(done, n, "by seven bytes");
	expect(!memcmp(again, text, (size_t)n), "the same");
	check(sys(lseek, fd, 0, SEEK_SET), n, "lseek says where it is");
	check(sys(pread64, fd, again, FILE_MAX, n - 5), 5, "the last five");
	check(sys(pread64, fd, again, FILE_MAX, n), 0, "behind them");
	check(sys(pread64, fd, again, FILE_MAX, 1l << 40), 0, "far behind");
	check(sys(pread64, fd, (void *)-4096l, 100, 0), -EFAULT, "a bad address");
	check(sys(pread64, fd, again, 0, 0), 0, "nothing");
}

static void files(void)
{
	struct guest g;
	int of_vm, of_cpu;

	begin("KVM_GET_STATS_FD: the files, also when all else is closed");
	guest_make(&g, 1, 0);
	of_vm = stats_of(g.vm);
	of_cpu = stats_of(g.cpu[0]);
	file_is(of_vm, "anon_inode:kvm-vm-stats");
	file_is(of_cpu, "anon_inode:kvm-vcpu-stats:0");
	guest_load(&g, 0, calls);
	check(guest_run(&g), AT_DONE, "it ends");
	guest_free(&g);
	check(value(of_cpu, "hvc_exit_stat", 0), CALLS, "of a machine that is closed");
	expect(read_all(of_vm) > 0, "its own");
	close(of_vm);
	close(of_cpu);
	end();
}

int main(void)
{
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	open_kvm();
	if (sys(ioctl, dev_kvm, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD) != 1)
		return bail_out("there is no KVM_CAP_BINARY_STATS_FD");
	descriptions();
	threads();
	counts();
	blocking();
	files();
	return tap_done();
}
