/*
 * test_gicv2.c - drivers/gic/gicv2.c on a GIC-400 that a boot loader has used: what it finds there,
 * what is kept of it, and in which order an interrupt is made ready.
 */
#include "unit.h"
#include "shim.h"
#include "lib/string.h"
#include "drivers/gic/gicd.c"
#include "drivers/gic/gicv2.c"

enum { LINES = 224, OUR_BIT = 0x04 }; /* the boot core is the GIC's third */

static struct gicd d;
static struct gicc c;
static const struct irq_chip *registered;
static bool interface_on_too_early;

uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	return *reg;
}

uint8_t shim_mmio_read8(const volatile uint8_t *reg)
{
	return *reg;
}

static bool is_in(const volatile void *reg, const void *array, size_t size)
{
	return (uintptr_t)reg - (uintptr_t)array < size;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	if (is_in(reg, d.icenabler, sizeof(d.icenabler)))
		d.isenabler[reg - d.icenabler] &= ~v;
	else if (is_in(reg, d.isenabler, sizeof(d.isenabler)))
		*reg |= v;
	else if (is_in(reg, d.icpendr, sizeof(d.icpendr)))
		d.ispendr[reg - d.icpendr] &= reg == d.icpendr ? ~(v & 0xffff0000) : ~v;
	else if (is_in(reg, d.icactiver, sizeof(d.icactiver)))
		d.isactiver[reg - d.icactiver] &= ~v;
	else if (is_in(reg, d.cpendsgir, sizeof(d.cpendsgir)))
		*reg &= ~v;
	else
		*reg = v;
	/* A GIC-400's SGIs cannot be switched off. */
	d.isenabler[0] |= 0xffff;
	if (c.ctlr & GICC_CTLR_ENABLE && (c.apr[0] || d.cpendsgir[0] || c.pmr != 0xff))
		interface_on_too_early = true;
	/* Whoever may interrupt has a core to go to. */
	for (unsigned int irq = 32; irq < LINES; irq++)
		if (d.isenabler[irq / 32] & 1u << irq % 32)
			assert_int_equal(d.itargetsr[irq], OUR_BIT);
}

void shim_mmio_write8(volatile uint8_t *reg, uint8_t v)
{
	*reg = v;
}

void *device_ioremap(const struct fdt *fdt, int node, unsigned int index, uint64_t *pa)
{
	return index ? (void *)&c : &d;
}

/* This one is not for guests: its node has no more than two ranges. */
int device_reg(const struct fdt *fdt, int node, unsigned int index, struct fdt_range *range)
{
	return -ENOENT;
}

int irq_from_fdt(const struct fdt *fdt, int node, unsigned int index, enum irq_trigger *trigger)
{
	return -ENOENT;
}

void irq_virt_register(const struct irq_virt *virt)
{
}

void irq_chip_register(const struct irq_chip *chip, int node)
{
	registered = chip;
}

static void used_by_a_boot_loader(uint32_t ctlr)
{
	memset(&d, 0, sizeof(d));
	memset(&c, 0, sizeof(c));
	interface_on_too_early = false;
	d.typer = LINES / 32 - 1;
	memset(d.itargetsr, OUR_BIT, 32);
	for (unsigned int i = 0; i < LINES / 32; i++)
		d.ispendr[i] = d.isactiver[i] = 0xffffffff;
	d.isenabler[1] = 1u << 5;
	d.itargetsr[32 + 5] = OUR_BIT;
	d.isenabler[0] = 0x0800ffff;
	d.cpendsgir[0] = 0x00000400;
	d.ctlr = 1;
	c.ctlr = ctlr;
	c.apr[0] = 0x00010000;
	assert_int_equal(gicv2_probe(NULL, 0), 0);
	registered->init_cpu();
}

static void nothing_is_left(void **state)
{
	used_by_a_boot_loader(0);
	assert_int_equal(registered->nr_irqs, LINES);
	for (unsigned int i = 0; i < LINES / 32; i++) {
		assert_int_equal(d.isenabler[i], i ? 0 : 0xffff);
		assert_int_equal(d.ispendr[i] & (i ? 0xffffffff : 0xffff0000), 0);
		assert_int_equal(d.isactiver[i], 0);
	}
	assert_int_equal(d.cpendsgir[0], 0);
	assert_int_equal(c.apr[0], 0);
	assert_int_equal(c.pmr, 0xff);
	assert_int_equal(c.ctlr, GICC_CTLR_ENABLE);
	assert_false(interface_on_too_early);
}

static void bypass_bits_stay(void **state)
{
	static const uint32_t bits[] = { 0x1e0, 0x060, 0x020, 0x180 };

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		used_by_a_boot_loader(bits[i]);
		assert_int_equal(c.ctlr, bits[i] | GICC_CTLR_ENABLE);
		/* EOImodeNS, which would split the end of an interrupt in two, does not. */
		used_by_a_boot_loader(bits[i] | 0x200);
		assert_int_equal(c.ctlr, bits[i] | GICC_CTLR_ENABLE);
	}
}

static void an_interrupt(void **state)
{
	used_by_a_boot_loader(0);
	d.icfgr[153 / 16] = 0xffffffff;
	registered->enable(153, IRQ_LEVEL);
	assert_int_equal(d.itargetsr[153], OUR_BIT);
	assert_int_equal(d.ipriorityr[153], GIC_PRIORITY);
	assert_int_equal(d.icfgr[153 / 16], ~(2u << 153 % 16 * 2));
	assert_int_equal(d.isenabler[153 / 32], 1u << 153 % 32);
	registered->disable(153);
	assert_int_equal(d.isenabler[153 / 32], 0);
	/* An SGI goes to the bit that the GIC knows the core by, and its end names the sender. */
	registered->send_sgi(0, 3);
	assert_int_equal(d.sgir, OUR_BIT << 16 | 3);
	c.iar = 0x00000c03;
	registered->eoi(registered->ack());
	assert_int_equal(c.eoir, 0x00000c03);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(bypass_bits_stay),
		cmocka_unit_test(an_interrupt),
	};

	return cmocka_run_group_tests_name("gicv2", tests, NULL, NULL);
}
