/*
 * coalesced.c - stores that can wait: the VMM names zones of its guest's address space
 * (KVM_REGISTER_COALESCED_MMIO), and a store there is no exit, but an entry of a ring that the VMM
 * empties when it comes to look.
 *
 * Invariant: the ring is the VMM's to write, so neither of its indexes is believed: with one that
 * is beyond it, or with a full ring, a store is an exit.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "kvm/kvm.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"

#define ZONES_MAX 1000 /* as Linux */
#define KVM_COALESCED_MMIO_MAX \
	((PAGE_SIZE - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

struct zone {
	struct list_node link;
	struct kvm_coalesced_mmio_zone at;
};

static bool is_within(const struct kvm_coalesced_mmio_zone *z, uint64_t addr, uint32_t size)
{
	return addr >= z->addr && size <= z->size && addr - z->addr <= z->size - size;
}

/* vm->lock is held. */
static int add_zone(struct kvm_vm *vm, const struct kvm_coalesced_mmio_zone *at)
{
	struct zone *z = vm->nr_zones < ZONES_MAX ? kvm_alloc(vm, sizeof(*z)) : NULL, *beyond;

	if (!z)
		return vm->nr_zones < ZONES_MAX ? -ENOMEM : -ENOSPC;
	z->at = *at;
	vm->nr_zones++;
	/* By address, so that a store need not look at those beyond it. */
	list_for_each(beyond, &vm->zones, link)
		if (beyond->at.addr > at->addr)
			break;
	spin_lock(&vm->zones_lock);
	list_add_tail(&beyond->link, &z->link);
	spin_unlock(&vm->zones_lock);
	WRITE_ONCE(vm->serves_stores, true);
	return 0;
}

/* vm->lock is held, or nobody has it any more. */
static void remove_zone(struct kvm_vm *vm, struct zone *z)
{
	spin_lock(&vm->zones_lock);
	list_del(&z->link);
	spin_unlock(&vm->zones_lock);
	vm->nr_zones--;
	kvm_free(vm, z, sizeof(*z));
}

/* All that the range lies in go; as on Linux it is no error if there are none. */
static int remove_zones(struct kvm_vm *vm, const struct kvm_coalesced_mmio_zone *at)
{
	unsigned int looked_at = 0;
	struct zone *z, *next;

	list_for_each_safe(z, next, &vm->zones, link) {
		if (z->at.pio == at->pio && at->size <= INT32_MAX &&
		    is_within(&z->at, at->addr, at->size))
			remove_zone(vm, z);
		if (++looked_at % 32 == 0 && give_way())
			return -EINTR;
	}
	return 0;
}

int kvm_coalesced_zone(struct kvm_vm *vm, const struct kvm_coalesced_mmio_zone *at, bool add)
{
	/* An address space of ports is taken, although a guest of arm64 has none: as on Linux. */
	if (at->pio > 1)
		return -EINVAL;
	return kvm_locked(vm, add ? add_zone(vm, at) : remove_zones(vm, at));
}

/* vm->zones_lock is held: another vcpu may have one, too. */
static bool append(struct kvm_coalesced_mmio_ring *ring, const struct kvm_access *a)
{
	uint32_t last = READ_ONCE(ring->last), next = (last + 1) % KVM_COALESCED_MMIO_MAX;
	struct kvm_coalesced_mmio *e = &ring->coalesced_mmio[last];

	if (last >= KVM_COALESCED_MMIO_MAX || next == READ_ONCE(ring->first))
		return false;
	e->phys_addr = a->addr;
	e->len = a->size;
	e->pio = 0;
	memcpy(e->data, &a->value, sizeof(e->data));
	/* Release: the VMM, which sees that there is one more, sees the whole of it. */
	store_release(&ring->last, next);
	return true;
}

bool kvm_coalesce(struct kvm_vm *vm, const struct kvm_access *a)
{
	const struct zone *z;
	bool done = false;

	spin_lock(&vm->zones_lock);
	list_for_each(z, &vm->zones, link) {
		if (z->at.addr > a->addr)
			break;
		if (!z->at.pio && is_within(&z->at, a->addr, a->size)) {
			done = append(vm->ring, a);
			break;
		}
	}
	spin_unlock(&vm->zones_lock);
	return done;
}

int kvm_coalesced_new(struct kvm_vm *vm)
{
	struct page *p = page_alloc_zero();

	if (!p)
		return -ENOMEM;
	/* It is shown as a file's page is: what shows it does not pay for it. */
	p->in_object = true;
	vm->ring = page_to_virt(p);
	list_init(&vm->zones);
	return 0;
}

void kvm_coalesced_free(struct kvm_vm *vm)
{
	struct zone *z, *next;

	list_for_each_safe(z, next, &vm->zones, link) {
		remove_zone(vm, z);
		if (!(vm->nr_zones % 32))
			(void)give_way();
	}
	page_put(virt_to_page(vm->ring));
}
