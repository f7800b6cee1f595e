/*
 * firmware.c - the VMM's say in what the guest's firmware is: its registers (KVM_REG_ARM_FW,
 * KVM_REG_ARM_FW_FEAT_BMAP) and the filter of calls (KVM_ARM_VM_SMCCC_FILTER).
 *
 * All of it is the VM's, under vm->lock, and fixed once a vcpu has run: calls read it without.
 */
#include "kvm/firmware.h"

#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/errata.h"
#include "arm/id.h"
#include "arm/levels.h"
#include "drivers/psci/psci.h"
#include "kvm/kvm.h"
#include "kvm/psci.h"
#include "lib/string.h"
#include "mm/charge.h"
#include "mm/slab.h"
#include "mm/uaccess.h"

const uint64_t kvm_fw_bmap_all[NR_FW_BMAPS] = {
	[FW_STD] = FW_STD_TRNG,
	[FW_STD_HYP] = FW_STD_HYP_PV_TIME,
	[FW_VENDOR_HYP] = FW_VENDOR_FEATURES | FW_VENDOR_PTP,
};

/* ---- registers ---- */

/*
 * 1: another's branches as one's own guesses; 3: the same, by the branch history.  As el1/spectre.c
 * finds for the kernel itself: not needed where the core says so, offered where the firmware does.
 */
static unsigned int find_level(unsigned int n)
{
	uint64_t midr = READ_SYSREG(midr_el1), csv2 = ID_FIELD(id_aa64pfr0_el1, PFR0_CSV2);
	unsigned int part = MIDR_IMPLEMENTER(midr) == MIDR_ARM ? MIDR_PART(midr) : 0;
	bool in_order = part == MIDR_CORTEX_A53 || part == MIDR_CORTEX_A55;
	int64_t answer;

	if (n == 2) /* loads that pass stores: nothing that a guest could ask for */
		return in_order ? KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED
				: KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_AVAIL;
	if (in_order || (n == 1 && csv2) ||
	    (n == 3 &&
	     (csv2 >= 3 || !errata_bhb_loops(midr) || ID_FIELD(id_aa64mmfr1_el1, MMFR1_ECBHB))))
		return KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_NOT_REQUIRED;
	answer = psci_arch_feature(n == 1 ? SMCCC_WORKAROUND_1 : SMCCC_WORKAROUND_3);
	if (answer == SMCCC_SUCCESS)
		return KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_AVAIL;
	return answer > 0 ? KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_NOT_REQUIRED
			  : KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_NOT_AVAIL;
}

unsigned int kvm_workaround_level(unsigned int n)
{
	static uint8_t found[4]; /* the level plus one; the firmware is asked once */
	unsigned int level = READ_ONCE(found[n]);

	if (!level) {
		level = find_level(n) + 1;
		WRITE_ONCE(found[n], (uint8_t)level);
	}
	return level - 1;
}

static int set_psci(struct kvm_vcpu *v, uint64_t version)
{
	bool new_kind = v->features & BIT(KVM_ARM_VCPU_PSCI_0_2);

	switch (version) {
	case PSCI_0_1:
		if (new_kind)
			return -EINVAL;
		break;
	case PSCI_0_2:
	case PSCI_1_0:
	case PSCI_1_1:
		if (!new_kind)
			return -EINVAL;
		break;
	default: return -EINVAL;
	}
	WRITE_ONCE(v->vm->psci, (uint32_t)version);
	return 0;
}

/* A workaround's level cannot be changed; that of a machine that needs more is refused. */
static int set_workaround(unsigned int n, uint64_t level)
{
	if (n != 2)
		return level <= kvm_workaround_level(n) ? 0 : -EINVAL;
	switch (level & ~(uint64_t)KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_ENABLED) {
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_AVAIL:
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_UNKNOWN:
		return level <= KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_UNKNOWN ? 0 : -EINVAL;
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED:
		if (level & KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_ENABLED)
			return -EINVAL;
		/* fall through */
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_AVAIL:
		return kvm_workaround_level(2) == KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED
			       ? 0
			       : -EINVAL;
	default: return -EINVAL;
	}
}

static int set_bmap(struct kvm_vm *vm, unsigned int n, uint64_t value)
{
	if (value & ~kvm_fw_bmap_all[n])
		return -EINVAL;
	if (vm->has_run)
		return value == vm->fw_bmap[n] ? 0 : -EBUSY;
	vm->fw_bmap[n] = value;
	return 0;
}

static int set_firmware(struct kvm_vcpu *v, uint64_t id, uint64_t value)
{
	switch (id) {
	case KVM_REG_ARM_PSCI_VERSION: return set_psci(v, value);
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1: return set_workaround(1, value);
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2: return set_workaround(2, value);
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3: return set_workaround(3, value);
	default: return set_bmap(v->vm, (unsigned int)(id - KVM_REG_ARM_STD_BMAP), value);
	}
}

static const uint64_t firmware_regs[] = {
	KVM_REG_ARM_PSCI_VERSION,
	KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1,
	KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2,
	KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3,
	KVM_REG_ARM_STD_BMAP,
	KVM_REG_ARM_STD_HYP_BMAP,
	KVM_REG_ARM_VENDOR_HYP_BMAP,
};

void kvm_firmware_list(void (*add)(struct list *l, uint64_t id), struct list *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(firmware_regs); i++)
		add(l, firmware_regs[i]);
}

static bool is_firmware_reg(uint64_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(firmware_regs); i++)
		if (firmware_regs[i] == id)
			return true;
	return false;
}

int kvm_firmware_reg(struct kvm_vcpu *v, uint64_t id, uint64_t *value, bool set)
{
	if (!is_firmware_reg(id))
		return -ENOENT;
	if (set)
		return kvm_locked(v->vm, set_firmware(v, id, *value));
	switch (id) {
	case KVM_REG_ARM_PSCI_VERSION: *value = kvm_psci_version(v); break;
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1: *value = kvm_workaround_level(1); break;
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2: *value = kvm_workaround_level(2); break;
	case KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3: *value = kvm_workaround_level(3); break;
	default: *value = v->vm->fw_bmap[id - KVM_REG_ARM_STD_BMAP];
	}
	return 0;
}

/* ---- the filter: ranges of numbers, none over another ---- */

#define FILTER_RANGES 512

struct kvm_filter {
	unsigned int nr;
	struct filter_range {
		uint32_t first, last;
		uint8_t action;
	} ranges[FILTER_RANGES]; /* ascending */
};

/* The architecture's own calls cannot be filtered: SMCCC_VERSION and so on, in both forms. */
static bool is_reserved(uint32_t first, uint32_t last)
{
	uint32_t arch = SMCCC_FAST(SMCCC_OWNER_ARCH, 0), arch64 = arch | SMCCC_64;

	return (first <= arch + 0xffff && last >= arch) ||
	       (first <= arch64 + 0xffff && last >= arch64);
}

/* find_range - the first range that does not end before @fn, or filter->nr. */
static unsigned int find_range(const struct kvm_filter *filter, uint32_t fn)
{
	unsigned int low = 0, high = filter->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (filter->ranges[middle].last < fn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned int kvm_filter_action(struct kvm_vm *vm, uint32_t fn)
{
	const struct kvm_filter *filter = load_acquire(&vm->filter);
	unsigned int i;

	if (!filter)
		return KVM_SMCCC_FILTER_HANDLE;
	i = find_range(filter, fn);
	return i < filter->nr && filter->ranges[i].first <= fn ? filter->ranges[i].action
							       : KVM_SMCCC_FILTER_HANDLE;
}

static int add_range(struct kvm_vm *vm, const struct filter_range *r)
{
	struct kvm_filter *filter;
	unsigned int i;

	if (vm->has_run)
		return -EBUSY;
	if (is_reserved(r->first, r->last))
		return -EEXIST;
	if (!vm->filter)
		vm->filter = kvm_alloc(vm, sizeof(*vm->filter));
	if (!vm->filter)
		return -ENOMEM;
	filter = vm->filter;
	i = find_range(filter, r->first);
	if (i < filter->nr && filter->ranges[i].first <= r->last)
		return -EEXIST;
	if (filter->nr == FILTER_RANGES)
		return -ENOMEM;
	memmove(&filter->ranges[i + 1], &filter->ranges[i],
		(filter->nr - i) * sizeof(filter->ranges[0]));
	filter->ranges[i] = *r;
	filter->nr++;
	return 0;
}

static int set_filter(struct kvm_vm *vm, uptr from)
{
	struct kvm_smccc_filter f;
	struct filter_range r;

	if (copy_from_user(&f, from, sizeof(f)))
		return -EFAULT;
	for (size_t i = 0; i < sizeof(f.pad); i++)
		if (f.pad[i])
			return -EINVAL;
	r = (struct filter_range){ f.base, f.base + f.nr_functions - 1, f.action };
	if (r.last < r.first || !f.nr_functions || f.action > KVM_SMCCC_FILTER_FWD_TO_USER)
		return -EINVAL;
	return kvm_locked(vm, add_range(vm, &r));
}

int kvm_filter_attr(struct kvm_vm *vm, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	if (a->group != KVM_ARM_VM_SMCCC_CTRL || a->attr != KVM_ARM_VM_SMCCC_FILTER)
		return -ENXIO;
	switch (op) {
	case KVM_ATTR_HAS: return 0;
	case KVM_ATTR_SET: return set_filter(vm, uptr_of(a->addr));
	default: return -ENXIO;
	}
}

void kvm_filter_free(struct kvm_vm *vm)
{
	kvm_free(vm, vm->filter, sizeof(*vm->filter));
	vm->filter = NULL;
}
