/*
 * test_led.c - drivers/bcm2711/led.c: the pin's registers, for a light that is on when it is high,
 * and one that is on when it is low.
 */
#include "unit.h"
#include "shim.h"
#include "lib/string.h"
#include "drivers/bcm2711/led.c"

static struct bcm2711_gpio regs;
static uint64_t level; /* of all pins */
static unsigned int accesses;
static bool no_room;

uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	accesses++;
	return *reg;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	accesses++;
	*reg = v;
	for (int i = 0; i < 2; i++) {
		if (reg == &regs.gpset[i])
			level |= (uint64_t)v << 32 * i;
		if (reg == &regs.gpclr[i])
			level &= ~((uint64_t)v << 32 * i);
	}
}

void *ioremap(paddr where, size_t size)
{
	assert_int_equal(paddr_value(where), 0xfe200000);
	return no_room ? NULL : &regs;
}

static void find(uint32_t pin, uint32_t low)
{
	struct rawled found = { .gpio = 0xfe200000, .pin = pin, .low = low };

	memset(&regs, 0xff, sizeof(regs));
	memset(&act, 0, sizeof(act));
	level = 0x5555555555555555;
	accesses = 0;
	led_init(&found);
}

static void on_and_off(void **state)
{
	static const uint32_t pins[] = { 42, 29, 0, 57 };

	for (size_t i = 0; i < ARRAY_SIZE(pins); i++)
		for (uint32_t low = 0; low < 2; low++) {
			uint64_t bit = UINT64_C(1) << pins[i], others;

			find(pins[i], low);
			others = level & ~bit;
			assert_int_equal(gpio_function(&regs, pins[i]), GPIO_OUTPUT);
			assert_int_equal(!!(level & bit), low);
			led_set(true);
			assert_int_equal(!!(level & bit), !low);
			led_set(false);
			assert_int_equal(!!(level & bit), low);
			assert_int_equal(level & ~bit, others);
		}
}

static void none(void **state)
{
	static const struct rawled nowhere;

	no_room = true;
	find(42, 0);
	no_room = false;
	led_set(true);
	find(58, 0);
	led_set(true);
	memset(&act, 0, sizeof(act));
	led_init(&nowhere);
	led_set(true);
	assert_int_equal(accesses, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_and_off),
		cmocka_unit_test(none),
	};

	return cmocka_run_group_tests_name("led", tests, NULL, NULL);
}
