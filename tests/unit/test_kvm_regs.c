/*
 * test_kvm_regs.c - kvm/idreg.c and kvm/sysreg.c against Linux 6.12's KVM: what it shows a guest of
 * the ID registers of two cores of QEMU's, and which single bits its VMM may change; and traps of
 * every encoding that there is.
 */
#include "unit.h"

#include "lib/string.h"

#define ID(crm, op2, shown, writable, is_signed) static uint64_t shim_S3_0_C0_C##crm##_##op2;
#include "kvm/idreg.def"
static uint64_t shim_midr_el1, shim_ctr_el0, shim_revidr_el1, shim_aidr_el1, shim_clidr_el1,
	shim_id_aa64isar1_el1, shim_id_aa64pfr0_el1, shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;
#define shim_id_aa64mmfr1_el1 shim_S3_0_C0_C7_1

#include "kvm/idreg.c"
#undef UNKNOWN
#include "kvm/sysreg.c"

struct id_fact {
	unsigned int index;
	uint64_t machine, shown, taken; /* taken: a bit that is changed alone is accepted */
};

static const struct id_fact of_a72[] = {
	{ INDEX(1, 0), 0x131, 0x131, 0x131 },
	{ INDEX(1, 1), 0x10011001, 0x10011001, 0x10011001 },
	{ INDEX(1, 2), 0x3010066, 0x6, 0 },
	{ INDEX(1, 4), 0x10201105, 0x10201105, 0x90201905 },
	{ INDEX(1, 5), 0x40000000, 0x40000000, 0x40000000 },
	{ INDEX(1, 6), 0x1260000, 0x1260000, 0x1260000 },
	{ INDEX(1, 7), 0x2102211, 0x2102211, 0x2102211 },
	{ INDEX(2, 0), 0x2101110, 0x2101110, 0x2101110 },
	{ INDEX(2, 1), 0x13112111, 0x13112111, 0x13112111 },
	{ INDEX(2, 2), 0x21232042, 0x21232042, 0x21232042 },
	{ INDEX(2, 3), 0x1112131, 0x1112131, 0x1112131 },
	{ INDEX(2, 4), 0x11142, 0x11142, 0x11142 },
	{ INDEX(2, 5), 0x11121, 0x11121, 0x11121 },
	{ INDEX(2, 6), 0x0, 0, 0xf },
	{ INDEX(3, 0), 0x10110222, 0x10110222, 0x10110222 },
	{ INDEX(3, 1), 0x12111111, 0x12111111, 0x12111111 },
	{ INDEX(3, 2), 0x43, 0x43, 0x43 },
	{ INDEX(4, 0), 0x1000222, 0x1000000001000222, 0x1000000001000222 },
	{ INDEX(5, 0), 0x10305106, 0x10305006, 0x8000300000 },
	{ INDEX(6, 0), 0x11120, 0x11120, 0x11120 },
	{ INDEX(7, 0), 0x1124, 0x1124, 0x88001104 },
	{ INDEX(7, 1), 0x0, 0, 0xf000000 },
};

static const struct id_fact of_max[] = {
	{ INDEX(1, 0), 0x11020131, 0x1020131, 0x1020131 },
	{ INDEX(1, 1), 0x10011001, 0x10011001, 0x10011001 },
	{ INDEX(1, 2), 0xa, 0xa, 0x2 },
	{ INDEX(1, 4), 0x10101105, 0x10101105, 0x90101905 },
	{ INDEX(1, 5), 0x40000000, 0x40000000, 0x40000000 },
	{ INDEX(1, 6), 0x1260000, 0x1260000, 0x1260000 },
	{ INDEX(1, 7), 0x2122211, 0x2122211, 0x2122211 },
	{ INDEX(2, 0), 0x2101110, 0x2101110, 0x2101110 },
	{ INDEX(2, 1), 0x13112111, 0x13112111, 0x13112111 },
	{ INDEX(2, 2), 0x21232042, 0x21232042, 0x21232042 },
	{ INDEX(2, 3), 0x1112131, 0x1112131, 0x1112131 },
	{ INDEX(2, 4), 0x11142, 0x11142, 0x11142 },
	{ INDEX(2, 5), 0x11011121, 0x1011121, 0x1011121 },
	{ INDEX(2, 6), 0x20021110, 0x20021110, 0x2002111f },
	{ INDEX(2, 7), 0x1111111, 0x1111111, 0x1111111 },
	{ INDEX(3, 0), 0x10110222, 0x10110222, 0x10110222 },
	{ INDEX(3, 1), 0x13211111, 0x13211111, 0x13211111 },
	{ INDEX(3, 2), 0x43, 0x43, 0x43 },
	{ INDEX(3, 4), 0x11, 0x11, 0x11 },
	{ INDEX(3, 6), 0x2, 0x2, 0x2 },
	{ INDEX(4, 0), 0x1201111123110222, 0x1101001021110222, 0x1101001001000222 },
	{ INDEX(4, 1), 0x1001000121, 0x21, 0x21 },
	{ INDEX(5, 0), 0x100000001030560b, 0x1030500a, 0x8000300002 },
	{ INDEX(6, 0), 0x1221111110212120, 0x1221111110212120, 0x1221111110212120 },
	{ INDEX(6, 1), 0x111211110211502, 0x111211100211002, 0x111211100211002 },
	{ INDEX(6, 2), 0x110012, 0x110012, 0x110012 },
	{ INDEX(7, 0), 0x2100032310201126, 0x2100032300201125, 0x2100000088201105 },
	{ INDEX(7, 1), 0x0110112010312122, 0x10112010312122, 0x1010200f312002 },
	{ INDEX(7, 2), 0x1221011112011011, 0x1221011112001011, 0x1021000110001011 },
};
static const struct core {
	const struct id_fact *facts;
	size_t nr;
	uint64_t midr, ctr, ctr_taken, clidr, clidr_taken;
} cores[] = {
	{ of_a72, ARRAY_SIZE(of_a72), 0x410fd083, 0x8444c004, 0x40004, 0x9200003, 0x7ffffeffffff },
	{ of_max, ARRAY_SIZE(of_max), 0x000f0510, 0xb444c004, 0x30040004, 0x1000004,
	  0x7fffffffffff },
};

/* ---- stand-ins ---- */

static struct {
	struct kvm_vm vm;
	struct kvm_vcpu v;
	struct el2_vcpu ctx;
	unsigned int undefs, skips, flushes;
	bool v3;
	uint64_t timer;
} t;

const uint64_t kvm_fw_bmap_all[NR_FW_BMAPS];

bool kvm_has_vgic_v3(const struct kvm_vm *vm)
{
	return t.v3;
}

bool kvm_vgic_sysreg(struct kvm_vcpu *v, uint32_t enc, bool write, uint64_t *value)
{
	return t.v3;
}

uint64_t kvm_timer_get(struct kvm_vcpu *v, bool physical, enum kvm_timer_reg reg)
{
	assert_true(physical);
	return t.timer;
}

void kvm_timer_set(struct kvm_vcpu *v, bool physical, enum kvm_timer_reg reg, uint64_t value)
{
	assert_true(physical);
	t.timer = value;
}

int put_user_n(uptr p, uint64_t x, size_t size)
{
	return 0;
}

void kvm_memory_flush(struct kvm_vm *vm)
{
	t.flushes++;
}

void kvm_inject_undef(struct kvm_vcpu *v)
{
	t.undefs++;
}

void kvm_skip(struct kvm_vcpu *v)
{
	t.skips++;
}

static void make(const struct core *c)
{
	memset(&t, 0, sizeof(t));
#define ID(crm, op2, shown, writable, is_signed) shim_S3_0_C0_C##crm##_##op2 = 0;
#include "kvm/idreg.def"
	for (size_t i = 0; i < c->nr; i++) {
#define ID(crm, op2, shown, writable, is_signed)  \
	if (c->facts[i].index == INDEX(crm, op2)) \
		shim_S3_0_C0_C##crm##_##op2 = c->facts[i].machine;
#include "kvm/idreg.def"
	}
	shim_midr_el1 = c->midr;
	shim_ctr_el0 = c->ctr;
	shim_clidr_el1 = c->ctr & CTR_IDC ? 0 : 0xa200023;
	t.v3 = true;
	t.v.vm = &t.vm;
	t.v.ctx = &t.ctx;
	kvm_vm_regs_new(&t.vm);
	for (unsigned int i = 0; i < ARRAY_SIZE(t.v.kept.ccsidr); i++)
		t.v.kept.ccsidr[i] = kvm_ccsidr_least(i);
	sysreg_reset(&t.v);
	t.ctx.hcr = HCR_TVM;
}

/* ---- ID registers ---- */

static uint32_t enc_of(unsigned int index)
{
	return SYSREG_ENC(3, 0, 0, 0, 0) + index;
}

static const struct id_fact *fact_of(const struct core *c, unsigned int index)
{
	static const struct id_fact none;

	for (size_t i = 0; i < c->nr; i++)
		if (c->facts[i].index == index)
			return &c->facts[i];
	return &none;
}

static void shown_as_linux_does(void **state)
{
	for (size_t n = 0; n < ARRAY_SIZE(cores); n++) {
		make(&cores[n]);
		for (unsigned int i = 8; i < 64; i++)
			assert_int_equal(t.vm.id_regs[i], fact_of(&cores[n], i)->shown);
		assert_int_equal(t.v.kept.clidr, cores[n].clidr);
		assert_int_equal(kvm_ccsidr_least(0), 2);
		assert_int_equal(kvm_ccsidr_least(1), 2);
	}
}

static void bits_that_may_change(void **state)
{
	for (size_t n = 0; n < ARRAY_SIZE(cores); n++) {
		const struct core *c = &cores[n];

		make(c);
		for (unsigned int i = 8 * 64; i < 64 * 64; i++) {
			uint64_t bit = UINT64_C(1) << i % 64;
			const struct id_fact *f = fact_of(c, i / 64);
			int ret = kvm_idreg_set(&t.vm, enc_of(i / 64), f->shown ^ bit);

			assert_int_equal(ret, f->taken & bit ? 0 : -EINVAL);
			assert_int_equal(kvm_idreg_set(&t.vm, enc_of(i / 64), f->shown), 0);
		}
		for (unsigned int i = 0; i < 64; i++) {
			uint64_t bit = UINT64_C(1) << i;

			assert_int_equal(kvm_ctr_set(&t.vm, c->ctr ^ bit),
					 c->ctr_taken & bit ? 0 : -EINVAL);
			assert_int_equal(kvm_clidr_fits(c->ctr, c->clidr ^ bit),
					 (c->clidr_taken & bit) != 0);
		}
	}
}

static void fixed_once_it_has_run(void **state)
{
	make(&cores[1]);
	assert_int_equal(kvm_idreg_set(&t.vm, enc_of(AA64MMFR0), 0x2100032300001125), 0);
	t.vm.has_run = true;
	assert_int_equal(kvm_idreg_set(&t.vm, enc_of(AA64MMFR0), 0x2100032300201125), -EBUSY);
	assert_int_equal(kvm_idreg_set(&t.vm, enc_of(AA64MMFR0), 0x2100032300001125), 0);
	assert_int_equal(kvm_ctr_set(&t.vm, t.vm.ctr), 0);
	assert_int_equal(kvm_ctr_set(&t.vm, t.vm.ctr ^ CTR_DIC), -EBUSY);
}

static void by_vgic_and_feature(void **state)
{
	make(&cores[1]);
	t.v3 = false;
	kvm_vm_regs_settle(&t.vm);
	assert_int_equal(t.vm.id_regs[AA64PFR0], 0x1101001020110222);
	assert_int_equal(t.vm.id_regs[ID_PFR1], 0x00011001);
	kvm_idreg_pauth(&t.vm);
	assert_int_equal(t.vm.id_regs[AA64ISAR1], 0x111211110211502);
	make(&cores[0]); /* AArch32 is nowhere: its registers are zero */
	shim_S3_0_C0_C4_0 = 0x1000111;
	kvm_vm_regs_new(&t.vm);
	for (unsigned int i = 8; i < 32; i++)
		assert_int_equal(t.vm.id_regs[i], 0);
	assert_int_equal(kvm_idreg_set(&t.vm, enc_of(ID_DFR0), 6), -EINVAL);
	assert_int_equal(kvm_idreg_set(&t.vm, enc_of(ID_DFR0), 0), 0);
}

/* ---- traps ---- */

/* An MRS or MSR of X1 that trapped; false: it was undefined. */
static bool trap(uint32_t enc, bool write, uint64_t *x1)
{
	unsigned int undefs = t.undefs, skips = t.skips;

	t.ctx.x[1] = *x1;
	t.ctx.esr = (uint64_t)(enc >> 14 & 3) << 20 | (enc & 7) << 17 | (enc >> 11 & 7) << 14 |
		    (enc >> 7 & 15) << 10 | 1 << 5 | (enc >> 3 & 15) << 1 | !write;
	assert_int_equal(ESR_SYS64_ENC(t.ctx.esr), enc);
	assert_int_equal(kvm_sysreg_trap(&t.v), KVM_RESUME);
	*x1 = t.ctx.x[1];
	assert_int_equal(t.undefs - undefs + t.skips - skips, 1);
	return t.undefs == undefs;
}

static uint64_t read_reg(uint32_t enc)
{
	uint64_t value = 0x5555;

	assert_true(trap(enc, false, &value));
	return value;
}

static void write_reg(uint32_t enc, uint64_t value)
{
	assert_true(trap(enc, true, &value));
}

static void table_ascends(void **state)
{
	for (size_t i = 1; i < nr_sysregs; i++)
		assert_true(sysregs[i - 1].enc < sysregs[i].enc);
	for (size_t i = 0; i < nr_sysregs; i++) {
		assert_ptr_equal(sysreg_find(sysregs[i].enc), &sysregs[i]);
		assert_true(sysregs[i].where == NOWHERE || sysregs[i].where % 8 == 0);
		assert_true(sysregs[i].where < sizeof(struct el2_vcpu) ||
			    sysregs[i].where >= SLOT_KEPT);
	}
}

static void every_encoding(void **state)
{
	make(&cores[0]);
	t.v3 = false;
	for (uint32_t enc = 0; enc < 0x10000; enc++) {
		uint64_t read = 0, written = ~UINT64_C(0);
		bool known = sysreg_find(enc) || kvm_is_idreg(enc), r = trap(enc, false, &read),
		     w = trap(enc, true, &written);

		assert_true(known || (!r && !w));
		assert_false(kvm_is_idreg(enc) && (!r || w));
	}
	/* what none of them may have reached */
	assert_int_equal(t.ctx.pstate, 0);
	assert_int_equal(t.ctx.pc, 0);
	assert_int_equal(t.ctx.flags, 0);
	assert_int_equal(t.ctx.mdcr, 0);
	assert_int_equal(t.ctx.cntvoff, 0);
}

static void caches_go_on_and_off(void **state)
{
	make(&cores[0]);
	write_reg(SYSREG_ENC(3, 0, 2, 0, 0), 0x1000);
	assert_int_equal(t.flushes, 0);
	write_reg(SYSREG_ENC(3, 0, 1, 0, 0), SCTLR_RESET | SCTLR_M);
	assert_int_equal(t.flushes, 0);
	assert_true(t.ctx.hcr & HCR_TVM);
	write_reg(SYSREG_ENC(3, 0, 1, 0, 0), SCTLR_RESET | SCTLR_M | SCTLR_C);
	assert_int_equal(t.flushes, 1);
	assert_false(t.ctx.hcr & HCR_TVM);
	write_reg(SYSREG_ENC(1, 0, 7, 14, 2), 0); /* DC CISW */
	write_reg(SYSREG_ENC(1, 0, 7, 14, 2), 2);
	assert_int_equal(t.flushes, 2);
	assert_true(t.ctx.hcr & HCR_TVM);
	write_reg(SYSREG_ENC(3, 0, 1, 0, 0), SCTLR_RESET);
	assert_int_equal(t.flushes, 3);
	assert_true(t.ctx.hcr & HCR_TVM);
}

static void debug_and_caches(void **state)
{
	uint64_t v = 0;

	make(&cores[0]);
	assert_int_equal(read_reg(SYSREG_ENC(2, 0, 1, 1, 4)), 8);
	write_reg(SYSREG_ENC(2, 0, 1, 0, 4), ~UINT64_C(0));
	assert_int_equal(read_reg(SYSREG_ENC(2, 0, 1, 1, 4)), 10);
	assert_false(trap(SYSREG_ENC(2, 0, 1, 1, 4), true, &v));
	assert_false(t.v.debug_dirty);
	write_reg(SYSREG_ENC(2, 0, 0, 15, 7), 0x1e5);
	assert_true(t.v.debug_dirty);
	assert_int_equal(t.ctx.wcr[15], 0x1e5);
	write_reg(SYSREG_ENC(3, 2, 0, 0, 0), ~UINT64_C(0));
	assert_int_equal(read_reg(SYSREG_ENC(3, 2, 0, 0, 0)), ~UINT64_C(0));
	assert_int_equal(read_reg(SYSREG_ENC(3, 1, 0, 0, 0)), 0x5555); /* no such cache */
	write_reg(SYSREG_ENC(3, 2, 0, 0, 0), 13);
	assert_int_equal(read_reg(SYSREG_ENC(3, 1, 0, 0, 0)), 2);
	write_reg(SYSREG_ENC(3, 3, 14, 2, 2), 77);
	assert_int_equal(read_reg(SYSREG_ENC(3, 3, 14, 2, 2)), 77);
}

static void numbered_by_sixteens(void **state)
{
	make(&cores[0]);
	t.v.id = 0x1234;
	sysreg_reset(&t.v);
	assert_int_equal(t.ctx.mpidr, 0x80012304);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown_as_linux_does),	 cmocka_unit_test(bits_that_may_change),
		cmocka_unit_test(fixed_once_it_has_run), cmocka_unit_test(by_vgic_and_feature),
		cmocka_unit_test(table_ascends),	 cmocka_unit_test(every_encoding),
		cmocka_unit_test(caches_go_on_and_off),	 cmocka_unit_test(debug_and_caches),
		cmocka_unit_test(numbered_by_sixteens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
