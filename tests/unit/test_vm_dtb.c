/*
 * test_vm_dtb.c - the device tree that vm writes, as libfdt and lib/fdt.c read it; and with less
 * room than it needs, for every size.
 */
#include "unit.h"
#include "vm_names.h"
#include "fdt_oracle.h"
#include "el0/vm/dtb.c"
#include "el0/vm/tree.c"
#include "lib/fdt.h"

#define ROOM 16384

static struct vm machine = { .cpus = 3,
			     .append = "console=ttyAMA0 quiet",
			     .gic_version = 2,
			     .nr_virtio = 2,
			     .ram = { .base = VM_RAM, .size = 5UL << 30 } };

long svc_getrandom(void *buf, size_t len, uint32_t flags)
{
	__builtin_memset(buf, 0x5a, len);
	return (long)len;
}

static const void *prop(const void *blob, const char *path, const char *name, int *len)
{
	int node = oracle_find_path(blob, path);
	const void *p;

	assert_true(node >= 0);
	p = oracle_prop(blob, node, name, len);
	assert_non_null(p);
	return p;
}

static void is_string(const void *blob, const char *path, const char *name, const char *value)
{
	int len;
	const char *p = prop(blob, path, name, &len);

	assert_string_equal(p, value);
	assert_int_equal(len, strlen(value) + 1);
}

static void is_cells(const void *blob, const char *path, const char *name, unsigned int n, ...)
{
	int len;
	const uint8_t *p = prop(blob, path, name, &len);
	va_list ap;

	assert_int_equal(len, 4 * n);
	va_start(ap, n);
	for (; n; n--, p += 4)
		assert_int_equal((uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3],
				 va_arg(ap, uint32_t));
	va_end(ap);
}

static void check_tree(const void *blob, size_t n)
{
	struct fdt fdt;

	assert_true(oracle_accepts(blob, n));
	assert_int_equal(fdt_check(blob, n, &fdt), 0);
	assert_null(fdt_differs(&fdt, blob));
}

static void test_machine(void **state)
{
	void *blob = calloc(1, ROOM);
	size_t n;

	machine.vcpu[1].mpidr = 1;
	machine.vcpu[2].mpidr = 0x100;
	n = vm_tree(&machine, blob, ROOM, 0x44000000, 0x1234);
	assert_true(n);
	check_tree(blob, n);
	is_string(blob, "/chosen", "bootargs", machine.append);
	is_string(blob, "/chosen", "stdout-path", "/pl011@9000000");
	is_cells(blob, "/chosen", "linux,initrd-end", 2, 0, 0x44001234);
	is_cells(blob, "/memory@40000000", "reg", 4, 0, 0x40000000, 1, 0x40000000);
	is_cells(blob, "/cpus/cpu@100", "reg", 1, 0x100);
	is_string(blob, "/psci", "method", "hvc");
	is_cells(blob, "/timer", "interrupts", 12, 1, 13, 0x704, 1, 14, 0x704, 1, 11, 0x704, 1, 10,
		 0x704);
	is_string(blob, "/interrupt-controller@8000000", "compatible", "arm,cortex-a15-gic");
	is_cells(blob, "/virtio_mmio@a001000", "interrupts", 3, 0, 17, 1);
	assert_true(oracle_find_path(blob, "/virtio_mmio@a002000") < 0);
	is_cells(blob, "/pl011@9000000", "interrupts", 3, 0, 1, 4);
	free(blob);
}

static void test_gicv3_without_initrd(void **state)
{
	void *blob = calloc(1, ROOM);
	int len;
	size_t n;

	machine.gic_version = 3;
	n = vm_tree(&machine, blob, ROOM, 0x44000000, 0);
	machine.gic_version = 2;
	check_tree(blob, n);
	is_cells(blob, "/interrupt-controller@8000000", "reg", 8, 0, 0x8000000, 0, 0x10000, 0,
		 0x80a0000, 0, 0x60000);
	is_cells(blob, "/timer", "interrupts", 12, 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	assert_null(oracle_prop(blob, oracle_find_path(blob, "/chosen"), "linux,initrd-end", &len));
	free(blob);
}

/* It fits or says that it does not; never a byte behind. */
static void test_rooms(void **state)
{
	void *whole = calloc(1, ROOM);
	size_t n = vm_tree(&machine, whole, ROOM, 0, 0);

	for (size_t room = 0; room <= n + 8; room++) {
		void *blob = malloc(room ? room : 1);

		assert_int_equal(vm_tree(&machine, blob, room, 0, 0), room < n ? 0 : n);
		free(blob);
	}
	free(whole);
}

static void test_many_names(void **state)
{
	void *blob = calloc(1, ROOM);
	struct dtb d;
	char name[16];

	dtb_begin(&d, blob, ROOM);
	dtb_put(&d, "/ ");
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "name%d=8 ", i);
		dtb_put(&d, name, 1UL);
	}
	dtb_put(&d, "; ");
	assert_int_equal(dtb_end(&d, 0), 0);
	free(blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_gicv3_without_initrd),
		cmocka_unit_test(test_rooms),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
