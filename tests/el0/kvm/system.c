/*
 * system.c - /dev/kvm itself: its version, what it says it can, machines and their sizes of
 * address; and what its three kinds of descriptors are as files.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/el0/kvm/guest.h"

/* What an answer must be. */
enum rule { IS, OR_NOTHING, CALLED };

static long vcpus_max(long v)
{
	return v == 8 || v == 512;
}

static long cores(long v)
{
	return v == sysconf(_SC_NPROCESSORS_ONLN);
}

static uint64_t id_register(unsigned int crm, unsigned int op2)
{
	struct guest g;
	uint64_t v;

	guest_make(&g, 1, 0);
	v = reg(g.cpu[0], ARM64_SYS_REG(3, 0, 0, crm, op2));
	guest_free(&g);
	return v;
}

static long breakpoints(long v)
{
	return v == (long)(id_register(5, 0) >> 12 & 15) + 1;
}

static long watchpoints(long v)
{
	return v == (long)(id_register(5, 0) >> 20 & 15) + 1;
}

static long ras(long v)
{
	return v == ((id_register(4, 0) >> 28 & 15) != 0);
}

/* A vCPU has it or has not, whether or not this program has. */
static long authentication(long v)
{
	int vm = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0);
	int cpu = (int)sys(ioctl, vm, KVM_CREATE_VCPU, 0);
	long r = vcpu_init(vm, cpu, 3u << KVM_ARM_VCPU_PTRAUTH_ADDRESS);

	close(cpu);
	close(vm);
	return v == (r == 0);
}

static long ipa_size(long v)
{
	return v >= 40 && v <= 52;
}

/* Linux 6.12's answers on arm64; of a number that is not here 0. */
static const struct {
	int number;
	enum rule rule;
	long is;
	long (*good)(long);
} answers[] = {
	{ 0, IS, 1 },			    /* IRQCHIP */
	{ 3, IS, 1 },			    /* USER_MEMORY */
	{ 9, CALLED, 0, cores },	    /* NR_VCPUS */
	{ 10, IS, 32767 },		    /* NR_MEMSLOTS */
	{ 14, IS, 1 },			    /* MP_STATE */
	{ 15, IS, 1 },			    /* COALESCED_MMIO */
	{ 16, IS, 1 },			    /* SYNC_MMU */
	{ 21, IS, 1 },			    /* DESTROY_MEMORY_REGION_WORKS */
	{ 23, IS, 1 },			    /* SET_GUEST_DEBUG */
	{ 25, IS, 4096 },		    /* IRQ_ROUTING */
	{ 30, IS, 1 },			    /* JOIN_MEMORY_REGIONS_WORKS */
	{ 32, IS, 1 },			    /* IRQFD */
	{ 36, IS, 1 },			    /* IOEVENTFD */
	{ 40, IS, 1 },			    /* INTERNAL_ERROR_DATA */
	{ 41, IS, 1 },			    /* VCPU_EVENTS */
	{ 66, CALLED, 0, vcpus_max },	    /* MAX_VCPUS */
	{ 70, IS, 1 },			    /* ONE_REG */
	{ 77, OR_NOTHING, 1 },		    /* SIGNAL_MSI */
	{ 81, IS, 1 },			    /* READONLY_MEM */
	{ 82, IS, 1 },			    /* IRQFD_RESAMPLE */
	{ 87, IS, 1 },			    /* ARM_PSCI */
	{ 88, IS, 1 },			    /* ARM_SET_DEVICE_ADDR */
	{ 89, IS, 1 },			    /* DEVICE_CTRL */
	{ 93, OR_NOTHING, 1 },		    /* ARM_EL1_32BIT */
	{ 98, IS, 1 },			    /* ENABLE_CAP_VM */
	{ 102, IS, 1 },			    /* ARM_PSCI_0_2 */
	{ 105, IS, 1 },			    /* CHECK_EXTENSION_VM */
	{ 119, CALLED, 0, breakpoints },    /* GUEST_DEBUG_HW_BPS */
	{ 120, CALLED, 0, watchpoints },    /* GUEST_DEBUG_HW_WPS */
	{ 122, IS, 1 },			    /* IOEVENTFD_ANY_LENGTH */
	{ 126, OR_NOTHING, 1 },		    /* ARM_PMU_V3 */
	{ 127, IS, 1 },			    /* VCPU_ATTRIBUTES */
	{ 128, CALLED, 0, vcpus_max },	    /* MAX_VCPU_ID */
	{ 131, OR_NOTHING, -EINVAL },	    /* MSI_DEVID: a machine with an ITS would say 1 */
	{ 136, IS, 1 },			    /* IMMEDIATE_EXIT */
	{ 144, IS, 1 },			    /* ARM_USER_IRQ */
	{ 158, CALLED, 0, ras },	    /* ARM_INJECT_SERROR_ESR */
	{ 162, IS, 1 },			    /* COALESCED_PIO */
	{ 165, CALLED, 0, ipa_size },	    /* ARM_VM_IPA_SIZE */
	{ 168, OR_NOTHING, 3 },		    /* MANUAL_DIRTY_LOG_PROTECT2 */
	{ 170, OR_NOTHING, 1 },		    /* ARM_SVE */
	{ 171, CALLED, 0, authentication }, /* ARM_PTRAUTH_ADDRESS */
	{ 172, CALLED, 0, authentication }, /* ARM_PTRAUTH_GENERIC */
	{ 174, IS, 1 },			    /* ARM_IRQ_LINE_LAYOUT_2 */
	{ 177, IS, 1 },			    /* ARM_NISV_TO_USER */
	{ 178, IS, 1 },			    /* ARM_INJECT_EXT_DABT */
	{ 182, IS, 1 },			    /* HALT_POLL */
	{ 187, IS, 1 },			    /* STEAL_TIME */
	{ 195, IS, 0x30003 },		    /* SET_GUEST_DEBUG2: which flags */
	{ 198, IS, 1 },			    /* PTP_KVM */
	{ 203, IS, 1 },			    /* BINARY_STATS_FD */
	{ 215, IS, 1 },			    /* SYSTEM_EVENT_DATA */
	{ 216, OR_NOTHING, 1 },		    /* ARM_SYSTEM_SUSPEND */
	{ 223, OR_NOTHING, 1 << 20 },	    /* DIRTY_LOG_RING_ACQ_REL: bytes */
	{ 225, OR_NOTHING, 1 },		    /* DIRTY_LOG_RING_WITH_BITMAP */
	{ 227, OR_NOTHING, 1 },		    /* COUNTER_OFFSET */
	{ 229, OR_NOTHING, 0x40201000 },    /* ARM_SUPPORTED_BLOCK_SIZES */
	{ 230, IS, 1 },			    /* ARM_SUPPORTED_REG_MASK_RANGES */
	{ 231, IS, 1 },			    /* USER_MEMORY2 */
};

static void answer(int fd, int number)
{
	long got = sys(ioctl, fd, KVM_CHECK_EXTENSION, number);

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].number != number)
			continue;
		if (answers[i].rule == CALLED)
			expect(answers[i].good(got), "KVM_CHECK_EXTENSION %d: %ld", number, got);
		else if (answers[i].rule == OR_NOTHING)
			check_one_of(got, answers[i].is, 0, "KVM_CHECK_EXTENSION %d", number);
		else
			check(got, answers[i].is, "KVM_CHECK_EXTENSION %d", number);
		return;
	}
	/*
	 * SVE's sizes and MTE belong to the core; the rest is of other architectures, or
	 * younger.
	 */
	if (number != 205)
		check(got, 0, "KVM_CHECK_EXTENSION %d", number);
}

static void extensions(void)
{
	int vm = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0);

	begin("ioctl: KVM_GET_API_VERSION, KVM_GET_VCPU_MMAP_SIZE: errors");
	ioctl_is(12, dev_kvm, KVM_GET_API_VERSION, 0);
	ioctl_is(-EINVAL, dev_kvm, KVM_GET_API_VERSION, 1);
	expect(run_size >= 4096 && run_size % 4096 == 0, "the size of struct kvm_run: %ld",
	       run_size);
	ioctl_is(-EINVAL, dev_kvm, KVM_GET_VCPU_MMAP_SIZE, 1);
	end();
	begin("ioctl: KVM_CHECK_EXTENSION of /dev/kvm and of a machine");
	for (int i = -1; i <= 300; i++)
		answer(dev_kvm, i);
	for (int i = 0; i <= 300; i++) {
		long of_vm = sys(ioctl, vm, KVM_CHECK_EXTENSION, i);
		long of_dev = sys(ioctl, dev_kvm, KVM_CHECK_EXTENSION, i);

		check(of_vm, of_dev < 0 ? 0 : of_dev, "of the machine: %d", i);
	}
	ioctl_is(0, dev_kvm, KVM_CHECK_EXTENSION, -1L);
	end();
	close(vm);
}

static void machines(void)
{
	long ipa = sys(ioctl, dev_kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	static const unsigned long wrong[] = {
		0x100, 0x128, 0x80000000, 0x80000028, 1ul << 32, -1ul
	};

	begin("ioctl: KVM_CREATE_VM with every size of address");
	for (long t = 0; t < 256; t++) {
		long vm = sys(ioctl, dev_kvm, KVM_CREATE_VM, t);

		if (t == 0 || (t >= 32 && t <= ipa)) {
			expect(vm >= 0, "%ld bits: %s", t, strerror((int)-vm));
			close((int)vm);
		} else {
			check(vm, -EINVAL, "%ld bits", t);
		}
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check(sys(ioctl, dev_kvm, KVM_CREATE_VM, wrong[i]), -EINVAL, "type %#lx", wrong[i]);
	end();
}

static void unknown_requests(void)
{
	struct guest g;

	begin("ioctl: every number of /dev/kvm's that means nothing there");
	guest_make(&g, 1, 0);
	for (unsigned int n = 0; n < 256; n++) {
		/*
		 * These three take a number, and 0x20 is s390's; as _IO() the others mean
		 * nothing.
		 */
		unsigned int request = _IO(KVMIO, n);
		bool known = request == KVM_GET_API_VERSION || request == KVM_CREATE_VM ||
			     request == KVM_CHECK_EXTENSION || request == KVM_GET_VCPU_MMAP_SIZE ||
			     request == KVM_CREATE_VCPU || request == KVM_CREATE_IRQCHIP ||
			     request == KVM_RUN || request == _IO(KVMIO, 0xce);

		if (known)
			continue;
		check(sys(ioctl, dev_kvm, request, 0), -EINVAL, "request %#x of /dev/kvm", request);
		check(sys(ioctl, g.vm, request, 0), -EINVAL, "request %#x of a machine", request);
		check(sys(ioctl, g.cpu[0], request, 0), -EINVAL, "request %#x of a vCPU", request);
	}
	ioctl_is(-EINVAL, dev_kvm, 0x5401, 0);
	ioctl_is(-EINVAL, g.vm, 0x5401, 0);
	ioctl_is(-EINVAL, g.cpu[0], 0x5401, 0);
	ioctl_is(-EINVAL, dev_kvm, KVM_CREATE_VCPU, 0);
	ioctl_is(-EINVAL, dev_kvm, KVM_RUN, 0);
	ioctl_is(-EINVAL, g.vm, KVM_CREATE_VM, 0);
	ioctl_is(-EINVAL, g.vm, KVM_GET_API_VERSION, 0);
	ioctl_is(-EINVAL, g.vm, KVM_RUN, 0);
	ioctl_is(-EINVAL, g.cpu[0], KVM_CREATE_VCPU, 1);
	ioctl_is(-EINVAL, g.cpu[0], KVM_CHECK_EXTENSION, 0);
	ioctl_is(-EINVAL, g.cpu[0], KVM_RUN, 1);
	guest_free(&g);
	end();
}

static void link_is(int fd, const char *want)
{
	char path[40], to[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(readlink(path, to, sizeof(to) - 1) > 0, 1, "readlink");
	expect(strcmp(to, want) == 0, "the descriptor is called %s, not %s", to, want);
}

static void as_files(void)
{
	struct guest g;
	struct stat st;
	char c = 0;

	begin("read, write, lseek, mmap, poll, fcntl: /dev/kvm, a machine, a vCPU as files");
	guest_make(&g, 2, 0);
	int fds[] = { dev_kvm, g.vm, g.cpu[1] };

	for (int i = 0; i < 3; i++) {
		struct pollfd p = { .fd = fds[i], .events = POLLIN | POLLOUT };

		check(sys(read, fds[i], &c, 1), -EINVAL, "read of %d", i);
		check(sys(write, fds[i], &c, 1), -EINVAL, "write of %d", i);
		check(sys(lseek, fds[i], 1, SEEK_SET), 0, "lseek of %d", i);
		check(poll(&p, 1, 0), 1, "poll of %d", i);
		check(p.revents, POLLIN | POLLOUT, "what poll says of %d", i);
		check(fcntl(fds[i], F_GETFD), FD_CLOEXEC, "closed by exec: %d", i);
		check(fcntl(fds[i], F_GETFL) & O_ACCMODE, O_RDWR, "flags of %d", i);
		check(sys(ftruncate, fds[i], 0), -EINVAL, "ftruncate of %d", i);
		check(sys(fsync, fds[i]), -EINVAL, "fsync of %d", i);
		check(sys(fstat, fds[i], &st), 0, "fstat of %d", i);
	}
	check(sys(fstat, dev_kvm, &st), 0, "fstat");
	check(st.st_mode & S_IFMT, S_IFCHR, "its kind");
	check((long)st.st_rdev, 10 << 8 | 232, "its number");
	check(sys(mmap, 0, 4096, PROT_READ, MAP_SHARED, dev_kvm, 0), -ENODEV, "mmap of /dev/kvm");
	check(sys(mmap, 0, 4096, PROT_READ, MAP_SHARED, g.vm, 0), -ENODEV, "mmap of a machine");
	link_is(dev_kvm, "/dev/kvm");
	link_is(g.vm, "anon_inode:kvm-vm");
	link_is(g.cpu[0], "anon_inode:kvm-vcpu:0");
	link_is(g.cpu[1], "anon_inode:kvm-vcpu:1");
	guest_free(&g);
	int again = open("/dev/kvm", O_RDONLY);

	ioctl_is(12, again, KVM_GET_API_VERSION, 0);
	long vm = sys(ioctl, again, KVM_CREATE_VM, 0);

	expect(vm >= 0, "opened to read, it makes a machine, too");
	close((int)vm);
	close(again);
	end();
}

/* Mapping a vCPU: struct kvm_run first. */
static void run_page(void)
{
	struct guest g;

	begin("mmap: struct kvm_run, and what lies behind it");
	guest_make(&g, 1, 0);
	for (size_t i = 0; i < 64; i++)
		if (((char *)g.run[0])[i]) {
			expect(false, "byte %zu is not zero", i);
			break;
		}
	char *again = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, g.cpu[0], 0);

	again[0] = 1;
	check(g.run[0]->request_interrupt_window, 1, "two mappings are one page");
	again[0] = 0;
	munmap(again, 4096);
	again = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, g.cpu[0], 0);
	expect(again != MAP_FAILED, "a private mapping");
	munmap(again, 4096);
	/* Far behind it nothing is mapped; the touch is what fails. */
	again = mmap(NULL, 4096, PROT_READ, MAP_SHARED, g.cpu[0], 0x100000000);
	expect(again != MAP_FAILED, "a mapping far behind it");
	guest_free(&g);
	end();
}

static void touches_far_behind(void)
{
	struct guest g;

	guest_make(&g, 1, 0);
	volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, g.cpu[0], 0x100000000);

	(void)*p;
}

/* The address space that made a machine is the only one that may use it. */
static struct guest forked;
static int closed_vm;

static void in_another_process(void)
{
	uint64_t v;

	ioctl_is(-EIO, forked.vm, KVM_CHECK_EXTENSION, 0);
	ioctl_is(-EIO, forked.vm, KVM_CREATE_VCPU, 1);
	ioctl_is(-EIO, forked.vm, 0x5401, 0);
	ioctl_is(-EIO, forked.cpu[0], KVM_RUN, 0);
	ioctl_is(-EIO, forked.cpu[0], 0x5401, 0);
	check(get_reg(forked.cpu[0], PC_ID, &v), -EIO, "KVM_GET_ONE_REG");
	ioctl_is(12, dev_kvm, KVM_GET_API_VERSION, 0);
	forked.run[0]->immediate_exit = 1;
	long vm = sys(ioctl, dev_kvm, KVM_CREATE_VM, 0);

	expect(vm >= 0, "a machine of its own");
}

static void forks(void)
{
	int pair[2];

	begin("fork: a machine belongs to the address space that made it");
	guest_make(&forked, 1, 0);
	check_child(in_another_process, 0, "in a child");
	check(forked.run[0]->immediate_exit, 1, "struct kvm_run is shared, though");
	forked.run[0]->immediate_exit = 0;
	ioctl_is(1, forked.vm, KVM_CHECK_EXTENSION, 0);
	check_child(touches_far_behind, SIGBUS, "a touch far behind struct kvm_run");
	/* A descriptor that lies in a socket keeps the machine. */
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0, "socketpair");
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS } };
	char byte = 'v';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.h), &forked.cpu[0], sizeof(int));
	check(sendmsg(pair[0], &m, 0), 1, "sendmsg");
	closed_vm = forked.vm;
	guest_free(&forked);
	check(recvmsg(pair[1], &m, 0), 1, "recvmsg");
	memcpy(&forked.cpu[0], CMSG_DATA(&control.h), sizeof(int));
	uint64_t v = 1;

	check(get_reg(forked.cpu[0], PC_ID, &v), 0,
	      "a vCPU that was sent while all else was closed");
	check((long)v, 0, "its PC");
	close(forked.cpu[0]);
	close(pair[0]);
	close(pair[1]);
	end();
}

int main(void)
{
	open_kvm();
	mount_proc();
	extensions();
	machines();
	unknown_requests();
	as_files();
	run_page();
	forks();
	return tap_done();
}
