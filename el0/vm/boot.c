/*
 * boot.c - what a boot loader does: the kernel, the initrd and the device tree into memory, as
 * Linux's Documentation/arch/arm64/booting.rst says.
 *
 *	base + text_offset	kernel, and as much room behind it as its header asks for
 *	next 2 MiB		device tree
 *	next 2 MiB		initrd
 */
#include "el0/lib/process.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/vm.h"

#define BLOCK	    (2UL << 20)
#define MAGIC	    0x644d5241u /* "ARM\x64" */
#define OLD_OFFSET  0x80000UL	/* where image_size is 0: before Linux 3.17 */
#define FLAG_BIG    1u
#define PSTATE_BOOT 0x3c5 /* EL1h, all masked */

struct image {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags, reserved[3];
	uint32_t magic, pe;
};

static uint64_t align_block(uint64_t x)
{
	return (x + BLOCK - 1) & ~(BLOCK - 1);
}

/* The whole file to the guest's address @to: its size, or -errno and said what is wrong. */
static long load_file(struct vm *vm, const char *path, uint64_t to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC, 0);
	long size = fd < 0 ? fd : svc_lseek(fd, 0, SEEK_END), done = 0, n = 1;
	uint8_t *at = size < 0 ? NULL : ram_span(&vm->ram, to, (uint64_t)size);

	for (; at && done < size && n > 0; done += n)
		n = svc_pread64(fd, at + done, (size_t)(size - done), done);
	svc_close(fd);
	if (at && n > 0)
		return size;
	if (size >= 0 && !at)
		vm_say("%s does not fit into %lu MiB: give more by -m", path, vm->ram.size >> 20);
	else
		vm_say("%s: %s", path, at ? "cannot be read whole" : strerror(size));
	return -1;
}

static const char *wrong_image(const struct image *h, long size)
{
	const uint8_t *bytes = (const uint8_t *)h;

	if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
		return "compressed: gunzip it first";
	if (size < (long)sizeof(*h) || h->magic != MAGIC)
		return "no arm64 kernel Image (no ARM\\x64 at byte 56)";
	if (h->flags & FLAG_BIG)
		return "a kernel for big-endian processors";
	if (h->text_offset >= BLOCK)
		return "wants to be at an offset past 2 MiB";
	return NULL;
}

/* Its entry in *@entry; where its memory ends, or 0 and said why. */
static uint64_t load_kernel(struct vm *vm, uint64_t *entry)
{
	int fd = open(vm->kernel, O_RDONLY | O_CLOEXEC, 0);
	struct image h = { 0 };
	long size = fd < 0 ? fd : svc_pread64(fd, &h, sizeof(h), 0);
	const char *wrong = size < 0 ? strerror(size) : wrong_image(&h, size);

	svc_close(fd);
	if (wrong) {
		vm_say("%s: %s", vm->kernel, wrong);
		return 0;
	}
	*entry = vm->ram.base + (h.image_size ? h.text_offset : OLD_OFFSET);
	size = load_file(vm, vm->kernel, *entry);
	if (size < 0)
		return 0;
	return *entry + ((uint64_t)size > h.image_size ? (uint64_t)size : h.image_size);
}

static long set_entry(struct vcpu *cpu, uint64_t entry, uint64_t tree)
{
	uint64_t pstate = PSTATE_BOOT;
	long err = vcpu_reg(cpu, KVM_SET_ONE_REG, VCPU_REG(pstate), &pstate) ?:
		   vcpu_reg(cpu, KVM_SET_ONE_REG, VCPU_REG(regs[0]), &tree) ?:
		   vcpu_reg(cpu, KVM_SET_ONE_REG, VCPU_REG(pc), &entry);

	if (err)
		vm_say("vCPU 0's registers were refused: %s", strerror(err));
	return err;
}

long vm_load(struct vm *vm)
{
	uint64_t entry, end = load_kernel(vm, &entry), tree = align_block(end);
	long size = end && vm->initrd ? load_file(vm, vm->initrd, tree + BLOCK) : 0;
	void *at;

	if (!end || size < 0)
		return -1;
	/* The size that a kernel asks for may be any number: it is checked here. */
	at = end > entry ? ram_span(&vm->ram, tree, BLOCK) : NULL;
	if (at && vm_tree(vm, at, BLOCK, tree + BLOCK, (uint64_t)size))
		return set_entry(&vm->vcpu[0], entry, tree);
	vm_say("no room for what the kernel asks for, and a device tree: more by -m");
	return -1;
}
