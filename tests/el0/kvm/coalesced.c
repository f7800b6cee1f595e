/*
 * coalesced.c - stores that wait in a ring: KVM_REGISTER_COALESCED_MMIO, its errors and limits, and
 * what a VMM that writes nonsense into the ring gets.
 */
#define _GNU_SOURCE
#include "tests/el0/kvm/guest.h"

#define ZONE	 (DEVICE + 0x100)
#define ZONE_END (DEVICE + 0x200)
#define RING_MAX \
	((4096 - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

/* All sizes, a load, and what lies across the zone's two ends. */
GUEST(sizes, "mov x1, #0x7788\n"
	     "movk x1, #0x5566, lsl #16\n"
	     "movk x1, #0x3344, lsl #32\n"
	     "movk x1, #0x1122, lsl #48\n"
	     "strb w1, [x20, #0x100]\n"
	     "strh w1, [x20, #0x102]\n"
	     "str w1, [x20, #0x104]\n"
	     "str x1, [x20, #0x108]\n"
	     "str xzr, [x20, #0x1f8]\n"
	     "ldr w2, [x20, #0x100]\n"
	     "str w1, [x20, #0x0fc]\n"
	     "str w1, [x20, #0x200]\n" DONE);
/* Stores its count for ever. */
GUEST(floods, "mov w1, #0\n"
	      "1: add w1, w1, #1\n"
	      "str w1, [x20, #0x104]\n"
	      "b 1b\n");

static struct kvm_coalesced_mmio_ring *ring_of(const struct guest *g, int n)
{
	return (struct kvm_coalesced_mmio_ring *)((char *)g->run[n] + 4096);
}

static long zone(const struct guest *g, bool add, uint64_t addr, uint32_t size, uint32_t pio)
{
	struct kvm_coalesced_mmio_zone z = { .addr = addr, .size = size, .pio = pio };

	return sys(ioctl, g->vm, add ? KVM_REGISTER_COALESCED_MMIO : KVM_UNREGISTER_COALESCED_MMIO,
		   &z);
}

static void entry_is(const struct kvm_coalesced_mmio_ring *r, unsigned int i, uint64_t addr,
		     unsigned int len, uint64_t value)
{
	uint64_t got = 0;

	memcpy(&got, r->coalesced_mmio[i].data, len);
	check((long)r->coalesced_mmio[i].phys_addr, (long)addr, "entry %u: its address", i);
	check(r->coalesced_mmio[i].len, len, "entry %u: its size", i);
	check(r->coalesced_mmio[i].pio, 0, "entry %u: no port", i);
	check((long)got, (long)value, "entry %u: its value", i);
}

static void stores(void)
{
	struct kvm_coalesced_mmio_ring *r;
	struct guest g;

	begin("KVM_REGISTER_COALESCED_MMIO: stores of every size wait, loads and others do not");
	guest_make(&g, 2, 0);
	r = ring_of(&g, 0);
	check(r->first | r->last, 0, "it begins empty");
	check(zone(&g, true, ZONE, 0x100, 0), 0, "a zone");
	guest_load(&g, 0, sizes);
	check(guest_run(&g), AT_MMIO, "the load");
	check((long)g.run[0]->mmio.phys_addr, ZONE, "where");
	check(g.run[0]->mmio.is_write, 0, "a load");
	check(r->last, 5, "five before it");
	entry_is(r, 0, ZONE, 1, 0x88);
	entry_is(r, 1, ZONE + 2, 2, 0x7788);
	entry_is(r, 2, ZONE + 4, 4, 0x55667788);
	entry_is(r, 3, ZONE + 8, 8, 0x1122334455667788);
	entry_is(r, 4, ZONE_END - 8, 8, 0);
	check(memcmp(r, ring_of(&g, 1), 4096), 0, "one ring for all vCPUs");
	check(guest_run(&g), AT_MMIO, "before the zone");
	check((long)g.run[0]->mmio.phys_addr, ZONE - 4, "where");
	check(guest_run(&g), AT_MMIO, "behind the zone");
	check((long)g.run[0]->mmio.phys_addr, ZONE_END, "where");
	check(guest_run(&g), AT_DONE, "it ends");
	check(r->last, 5, "no more");
	guest_free(&g);
	end();
}

/* Until it leaves for the VMM: how many are in the ring then. */
static unsigned int flood(struct guest *g, struct kvm_coalesced_mmio_ring *r)
{
	guest_load(g, 0, floods);
	check(guest_run(g), AT_MMIO, "it leaves");
	check((long)g->run[0]->mmio.phys_addr, ZONE + 4, "for a store in the zone");
	return (r->last + (unsigned int)RING_MAX - r->first) % RING_MAX;
}

static void full(void)
{
	static const uint32_t wrong[] = { RING_MAX, RING_MAX + 1, 4096, 1u << 31, ~0u };
	struct kvm_coalesced_mmio_ring *r;
	struct guest g;

	begin("KVM_REGISTER_COALESCED_MMIO: a full ring, and one with wrong indexes");
	guest_make(&g, 1, 0);
	r = ring_of(&g, 0);
	check(zone(&g, true, ZONE, 0x100, 0), 0, "a zone");
	check(flood(&g, r), RING_MAX - 1, "all but one");
	check(*(uint32_t *)(void *)g.run[0]->mmio.data, RING_MAX, "the one that had no room");
	r->first = r->last = 100;
	check(flood(&g, r), RING_MAX - 1, "from the middle");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		r->first = 0;
		r->last = wrong[i];
		guest_load(&g, 0, floods);
		check(guest_run(&g), AT_MMIO, "last is %#x", wrong[i]);
		check(r->last, wrong[i], "and stays");
	}
	/* With a first that is none the ring never gets full: it is the VMM's own loss. */
	r->first = r->last = RING_MAX - 1;
	check(flood(&g, r), RING_MAX - 1, "from the end");
	guest_free(&g);
	end();
}

static void zones(void)
{
	struct kvm_coalesced_mmio_ring *r;
	struct guest g;
	int n = 0;

	begin("KVM_REGISTER_COALESCED_MMIO, KVM_UNREGISTER_COALESCED_MMIO: errors, what goes");
	guest_make(&g, 1, 0);
	r = ring_of(&g, 0);
	ioctl_is(-EFAULT, g.vm, KVM_REGISTER_COALESCED_MMIO, NULL);
	ioctl_is(-EFAULT, g.vm, KVM_UNREGISTER_COALESCED_MMIO, NULL);
	ioctl_is(-EINVAL, g.cpu[0], KVM_REGISTER_COALESCED_MMIO, NULL);
	check(zone(&g, true, ZONE, 0x100, 2), -EINVAL, "neither memory nor ports");
	check(zone(&g, false, ZONE, 0x100, 2), -EINVAL, "neither memory nor ports");
	check(zone(&g, false, ZONE, 0x100, 0), 0, "none is there");
	check(zone(&g, true, ZONE, 0x100, 1), 0, "ports");
	guest_load(&g, 0, floods);
	check(guest_run(&g), AT_MMIO, "ports are no memory");
	check(r->last, 0, "nothing waits");
	check(zone(&g, true, ZONE, 0x100, 0), 0, "a zone");
	check(zone(&g, true, ZONE, 0x100, 0), 0, "again");
	check(zone(&g, false, ZONE - 4, 8, 0), 0, "one that lies across the end");
	check(zone(&g, false, ZONE, 0x101, 0), 0, "one that is larger");
	check(zone(&g, false, ZONE, 0x100, 1), 0, "the ports");
	check(flood(&g, r), RING_MAX - 1, "both are there");
	r->first = r->last;
	check(zone(&g, false, ZONE + 0x80, 4, 0), 0, "all that it lies in");
	guest_load(&g, 0, floods);
	check(guest_run(&g), AT_MMIO, "both have gone");
	check(r->last, r->first, "nothing waits");
	for (int err = 0; !err && n <= 1001; n++)
		err = (int)zone(&g, true, ZONE + 8ul * (unsigned int)n, 8, 0);
	expect(n > 900 && n <= 1001, "there are at most 1,000: %d", n);
	check(zone(&g, true, ZONE, 8, 0), -ENOSPC, "and no more");
	check(zone(&g, false, ZONE, 8, 0), 0, "one goes");
	check(zone(&g, true, ZONE, 8, 0), 0, "one comes");
	guest_free(&g);
	end();
}

/* The ring is there as long as its mapping; a fork's, too. */
static void lives(void)
{
	struct kvm_coalesced_mmio_ring *r;
	struct guest g;
	char vec[2];
	int status = -1;
	pid_t child;

	begin("mmap of a vCPU: struct kvm_run, the ring, and nothing behind it");
	check(run_size, 8192, "KVM_GET_VCPU_MMAP_SIZE");
	guest_make(&g, 1, 0);
	check(zone(&g, true, ZONE, 0x100, 0), 0, "a zone");
	r = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, g.cpu[0], 4096);
	expect(r != MAP_FAILED, "the second page alone");
	guest_load(&g, 0, floods);
	guest_run(&g);
	check(r->last, RING_MAX - 1, "it is the ring");
	check(madvise(r, 4096, MADV_DONTNEED), 0, "MADV_DONTNEED");
	check(r->last, RING_MAX - 1, "it is what it was");
	check(mincore(r, 4096, (void *)vec), 0, "mincore");
	child = fork();
	if (!child)
		_exit(r->last != RING_MAX - 1);
	waitpid(child, &status, 0);
	check(status, 0, "a child's");
	child = fork();
	if (!child) {
		volatile char *behind = mmap(NULL, 4096, PROT_READ, MAP_SHARED, g.cpu[0], 8192);

		_exit(behind == MAP_FAILED ? 1 : *behind);
	}
	waitpid(child, &status, 0);
	check(status & 0x7f, SIGBUS, "a third page");
	guest_free(&g);
	check(r->last, RING_MAX - 1, "it lives longer than its machine");
	munmap(r, 4096);
	end();
}

int main(void)
{
	open_kvm();
	if (sys(ioctl, dev_kvm, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO) != 1)
		return bail_out("there is no KVM_CAP_COALESCED_MMIO");
	stores();
	full();
	zones();
	lives();
	return tap_done();
}
