/*
 * main.c - vm: a guest on Linux's KVM interface, with a console, a disk and a shared folder.
 *
 *	vm [-c N] [-m MiB] [-k Image] [-i initrd] [-a append] [-d disk] [-s share] [-n] [-t]
 *
 * docs/guests.md says what a guest finds.  A reset ends all that the guest was, and makes it anew
 * in the same process; so no state of a device outlives it.
 */
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/virtio.h"

#define MIB	    (1UL << 20)
#define RAM_DEFAULT 256
#define RAM_MIN	    16
#define RAM_MAX	    (256UL << 10) /* MiB: it ends below 40 bits of address */

static struct vm vm = { .cpus = 1, .ram = { .base = VM_RAM, .size = RAM_DEFAULT * MIB } };

static const char *const kernels[] = { "/boot/newel.img", "/boot/Image", "/boot/vmlinuz",
				       "/vmlinuz", NULL };
static const char *const initrds[] = { "/boot/initrd.cpio", "/boot/initrd.img", "/initrd.img",
				       NULL };

static int usage(void)
{
	dprintf(2,
		"usage: vm [-c N] [-m MiB] [-k Image] [-i initrd] [-a append] [-d disk] "
		"[-s share] [-n] [-t]\n"
		"  -c  vCPUs (1)\n"
		"  -m  memory (%u)\n"
		"  -k  an arm64 kernel (%s and others there)\n"
		"  -i  its initrd (with a kernel by default: %s)\n"
		"  -a  its command line\n"
		"  -d  a file or disk that is its /dev/vda; without initrd its root\n"
		"  -s  a folder that it may mount: mount -t 9p -o trans=virtio host /mnt\n"
		"  -n  a reset ends it, as power off does\n"
		"  -t  print each exit to this program\n"
		"^A x leaves, ^A c gives the keyboard to the other console, ^A ^A is ^A\n",
		RAM_DEFAULT, kernels[0], initrds[0]);
	return 2;
}

void vm_stop(struct vm *v, enum vm_end why)
{
	uint32_t runs = VM_RUNS;

	__atomic_compare_exchange_n(&v->end, &runs, why, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	terminal_kick();
}

static void leave(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
	vm_stop(&vm, VM_LEFT);
}

static const char *first_there(const char *const *paths)
{
	while (*paths && svc_faccessat(AT_FDCWD, *paths, R_OK) != 0)
		paths++;
	return *paths;
}

/* A number from @least to @most; else 0. */
static unsigned long number_of(const char *s, unsigned long least, unsigned long most)
{
	char *end;
	long n = strtol(s, &end, 10);

	return *s && !*end && n >= (long)least && n <= (long)most ? (unsigned long)n : 0;
}

/* An option with a value: is it right? */
static bool take_option(char c, const char *value)
{
	switch (c) {
	case 'c': return (vm.cpus = (unsigned int)number_of(value, 1, VM_CPUS_MAX)) != 0;
	case 'm': return (vm.ram.size = number_of(value, RAM_MIN, RAM_MAX) * MIB) != 0;
	case 'k': vm.kernel = value; return true;
	case 'i': vm.initrd = value; return true;
	case 'a': vm.append = value; return true;
	case 'd': vm.disk = value; return true;
	case 's': vm.share = value; return true;
	}
	return false;
}

static bool take_options(char **a)
{
	while (*++a) {
		if (strcmp(*a, "-t") == 0)
			vm.trace = true;
		else if (strcmp(*a, "-n") == 0)
			vm.no_reset = true;
		else if ((*a)[0] != '-' || !(*a)[1] || (!(*a)[2] && !a[1]) ||
			 !take_option((*a)[1], (*a)[2] ? *a + 2 : a[1]))
			return false;
		else
			a += !(*a)[2];
	}
	return true;
}

/* What was not said. */
static bool choose_defaults(void)
{
	if (!vm.kernel && !vm.initrd && !vm.disk)
		vm.initrd = first_there(initrds);
	if (!vm.kernel)
		vm.kernel = first_there(kernels);
	if (!vm.append)
		vm.append = vm.disk && !vm.initrd ? "root=/dev/vda rw" : "";
	if (!vm.kernel)
		vm_say("no kernel in /boot: say which by -k Image (an arm64 kernel)");
	return vm.kernel != NULL;
}

static bool open_kvm(void)
{
	long size;

	vm.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC, 0);
	if (vm.kvm == -EACCES || vm.kvm == -EPERM)
		vm_say("/dev/kvm is not yours to open: be root, or in its group");
	else if (vm.kvm < 0)
		vm_say("no /dev/kvm (%s): the kernel must have KVM and have been entered at EL2 or "
		       "EL3 (Newel: make run EL=3; QEMU: -M virt,virtualization=on)",
		       strerror(vm.kvm));
	if (vm.kvm < 0)
		return false;
	size = svc_ioctl(vm.kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
	vm.run_size = (uint32_t)size;
	if (svc_ioctl(vm.kvm, KVM_GET_API_VERSION, NULL) == KVM_API_VERSION &&
	    size >= (long)sizeof(struct kvm_run))
		return true;
	vm_say("/dev/kvm speaks another language than this program");
	return false;
}

/* The disk is the first, so that its place is the same with and without a shared folder. */
static bool start_guest(void)
{
	long err = vm_create(&vm);

	if (err)
		return false;
	pl011_start(&vm);
	vm.mmio[vm.nr_mmio++] = &rtc;
	if ((vm.disk && virtio_start(&vm, &virtio_blk, vm.disk)) ||
	    (vm.share && virtio_start(&vm, &virtio_share, vm.share)) ||
	    virtio_start(&vm, &virtio_console, NULL) || vm_load(&vm))
		return false;
	for (unsigned int i = 0; i < vm.cpus && !err; i++)
		err = vcpu_start(&vm.vcpu[i]);
	if (err)
		vm_say("no thread for a vCPU: %s", strerror(err));
	return !err;
}

/* The guest from its start to its end, whatever that is. */
static enum vm_end run_guest(void)
{
	vm.end = VM_RUNS;
	if (start_guest())
		terminal_serve(&vm);
	else
		vm_stop(&vm, VM_FAILED);
	/* First: a vCPU that writes a register waits until its device's request is done. */
	virtio_hurry(&virtio_blk);
	virtio_hurry(&virtio_share);
	for (unsigned int i = 0; i < vm.cpus; i++)
		vcpu_stop(&vm.vcpu[i]);
	virtio_stop(&virtio_blk);
	virtio_stop(&virtio_share);
	vm_destroy(&vm);
	return vm.end;
}

int main(int argc, char **argv)
{
	enum vm_end end;
	int err;

	(void)argc;
	if (!take_options(argv))
		return usage();
	if (!choose_defaults() || !open_kvm())
		return 1;
	err = terminal_open(strstr(vm.append, "console=hvc") ? TO_HVC : TO_UART);
	if (err) {
		vm_say("no eventfd: %s", strerror(err));
		return 1;
	}
	ignore_signal(SIGPIPE);
	catch_signal(SIGTERM, leave, 0);
	catch_signal(SIGINT, leave, 0);
	catch_signal(SIGHUP, leave, 0);
	do
		end = run_guest();
	while (end == VM_RESET && !vm.no_reset);
	terminal_close();
	if (end == VM_LEFT)
		dprintf(2, "\nvm: left the guest\n");
	return end == VM_FAILED;
}
