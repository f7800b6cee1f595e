/*
 * tree.c - the device tree: what the guest is told of its machine.
 */
#include "el0/lib/stdio.h"
#include "el0/lib/syscall.h"
#include "el0/vm/dtb.h"
#include "el0/vm/vm.h"

#define SPI	      0
#define PPI	      1
#define EDGE	      1
#define LEVEL	      4
#define GIC	      1 /* phandles */
#define CLOCK	      2
#define CLOCK_HZ      24000000

/* Address and size: two cells each, below 4 GiB. */
#define REG(at, size) 0, (uint32_t)(at), 0, (uint32_t)(size)

static void node_at(struct dtb *d, const char *name, uint64_t at)
{
	char full[48];

	snprintf(full, sizeof(full), "%s@%lx", name, at);
	dtb_node(d, full);
}

static void write_chosen(struct dtb *d, const struct vm *vm, uint64_t initrd, uint64_t size)
{
	uint8_t seed[64];

	svc_getrandom(seed, sizeof(seed), 0);
	dtb_node(d, "chosen");
	dtb_string(d, "stdout-path", "/pl011@9000000");
	dtb_string(d, "bootargs", vm->append);
	dtb_bytes(d, "rng-seed", seed, 32);
	dtb_bytes(d, "kaslr-seed", seed + 32, 8);
	if (size) {
		dtb_u64(d, "linux,initrd-start", initrd);
		dtb_u64(d, "linux,initrd-end", initrd + size);
	}
	dtb_end_node(d);
}

static void write_cpus(struct dtb *d, const struct vm *vm)
{
	dtb_node(d, "cpus");
	DTB_CELLS(d, "#address-cells", 1);
	DTB_CELLS(d, "#size-cells", 0);
	for (unsigned int i = 0; i < vm->cpus; i++) {
		node_at(d, "cpu", vm->vcpu[i].mpidr);
		dtb_string(d, "device_type", "cpu");
		dtb_string(d, "compatible", "arm,armv8");
		dtb_string(d, "enable-method", "psci");
		DTB_CELLS(d, "reg", (uint32_t)vm->vcpu[i].mpidr);
		dtb_end_node(d);
	}
	dtb_end_node(d);
	dtb_node(d, "psci");
	dtb_bytes(d, "compatible", "arm,psci-1.0\0arm,psci-0.2", 26);
	dtb_string(d, "method", "hvc");
	dtb_end_node(d);
}

static void write_gic(struct dtb *d, const struct vm *vm)
{
	node_at(d, "interrupt-controller", VM_GICD);
	if (vm->gic_version == 3) {
		dtb_string(d, "compatible", "arm,gic-v3");
		DTB_CELLS(d, "reg", REG(VM_GICD, 0x10000), REG(VM_GICR, 0x20000 * vm->cpus));
	} else {
		dtb_string(d, "compatible", "arm,cortex-a15-gic");
		DTB_CELLS(d, "reg", REG(VM_GICD, 0x1000), REG(VM_GICC, 0x2000));
	}
	dtb_bytes(d, "interrupt-controller", "", 0);
	DTB_CELLS(d, "#interrupt-cells", 3);
	DTB_CELLS(d, "phandle", GIC);
	dtb_end_node(d);
}

/* On a GICv2 a PPI's cell says for which cores it is, too. */
static void write_timer(struct dtb *d, const struct vm *vm)
{
	uint32_t cores = vm->gic_version == 2 ? ((1u << vm->cpus) - 1) << 8 : 0;
	uint32_t how = cores | LEVEL;

	dtb_node(d, "timer");
	dtb_string(d, "compatible", "arm,armv8-timer");
	DTB_CELLS(d, "interrupts", PPI, 13, how, PPI, 14, how, PPI, 11, how, PPI, 10, how);
	dtb_bytes(d, "always-on", "", 0);
	dtb_end_node(d);
}

static void write_primecells(struct dtb *d)
{
	dtb_node(d, "clock");
	dtb_string(d, "compatible", "fixed-clock");
	DTB_CELLS(d, "#clock-cells", 0);
	DTB_CELLS(d, "clock-frequency", CLOCK_HZ);
	DTB_CELLS(d, "phandle", CLOCK);
	dtb_end_node(d);
	node_at(d, "pl011", VM_UART);
	dtb_bytes(d, "compatible", "arm,pl011\0arm,primecell", 24);
	DTB_CELLS(d, "reg", REG(VM_UART, VM_MMIO_SIZE));
	DTB_CELLS(d, "interrupts", SPI, VM_SPI_UART - 32, LEVEL);
	DTB_CELLS(d, "clocks", CLOCK, CLOCK);
	dtb_bytes(d, "clock-names", "uartclk\0apb_pclk", 17);
	dtb_end_node(d);
	node_at(d, "pl031", VM_RTC);
	dtb_bytes(d, "compatible", "arm,pl031\0arm,primecell", 24);
	DTB_CELLS(d, "reg", REG(VM_RTC, VM_MMIO_SIZE));
	DTB_CELLS(d, "clocks", CLOCK);
	dtb_string(d, "clock-names", "apb_pclk");
	dtb_end_node(d);
}

static void write_virtio(struct dtb *d, const struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_virtio; i++) {
		uint64_t at = VM_VIRTIO + i * VM_MMIO_SIZE;

		node_at(d, "virtio_mmio", at);
		dtb_string(d, "compatible", "virtio,mmio");
		DTB_CELLS(d, "reg", REG(at, VM_MMIO_SIZE));
		DTB_CELLS(d, "interrupts", SPI, VM_SPI_VIRTIO + i - 32, EDGE);
		dtb_bytes(d, "dma-coherent", "", 0);
		dtb_end_node(d);
	}
}

size_t vm_tree(const struct vm *vm, void *buf, size_t room, uint64_t initrd, uint64_t size)
{
	struct dtb d;

	dtb_begin(&d, buf, room);
	dtb_node(&d, "");
	dtb_string(&d, "compatible", "linux,dummy-virt");
	dtb_string(&d, "model", "Newel's vm");
	DTB_CELLS(&d, "#address-cells", 2);
	DTB_CELLS(&d, "#size-cells", 2);
	DTB_CELLS(&d, "interrupt-parent", GIC);
	write_chosen(&d, vm, initrd, size);
	node_at(&d, "memory", vm->ram.base);
	dtb_string(&d, "device_type", "memory");
	DTB_CELLS(&d, "reg", (uint32_t)(vm->ram.base >> 32), (uint32_t)vm->ram.base,
		  (uint32_t)(vm->ram.size >> 32), (uint32_t)vm->ram.size);
	dtb_end_node(&d);
	write_cpus(&d, vm);
	write_gic(&d, vm);
	write_timer(&d, vm);
	write_primecells(&d);
	write_virtio(&d, vm);
	dtb_end_node(&d);
	return dtb_end(&d, (uint32_t)vm->vcpu[0].mpidr);
}
