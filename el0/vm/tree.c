/*
 * tree.c - the device tree: what the guest is told of its machine.
 */
#include "el0/lib/syscall.h"
#include "el0/vm/dtb.h"
#include "el0/vm/vm.h"

#define SPI	  0
#define PPI	  1
#define EDGE	  1
#define LEVEL	  4
#define GIC	  1 /* phandles */
#define CLOCK	  2
#define CLOCK_HZ  24000000
#define MPIDR_CPU 0xffffffUL /* Aff2 to Aff0 */

static void write_chosen(struct dtb *d, const struct vm *vm, uint64_t initrd, uint64_t size)
{
	uint64_t seed[5];

	svc_getrandom(seed, sizeof(seed), 0);
	dtb_put(d, "/chosen stdout-path=s bootargs=s rng-seed=8888 kaslr-seed=8 ", "/pl011@9000000",
		vm->append, seed[0], seed[1], seed[2], seed[3], seed[4]);
	if (size)
		dtb_put(d, "linux,initrd-start=8 linux,initrd-end=8 ", initrd, initrd + size);
	dtb_put(d, "; /memory@ device_type=s reg=88 ; ", vm->ram.base, "memory", vm->ram.base,
		vm->ram.size);
}

static void write_cpus(struct dtb *d, const struct vm *vm)
{
	dtb_put(d, "/cpus #address-cells=4 #size-cells=4 ", 1, 0);
	for (unsigned int i = 0; i < vm->cpus; i++) {
		uint64_t mpidr = vm->vcpu[i].mpidr & MPIDR_CPU;

		dtb_put(d, "/cpu@ device_type=s compatible=s enable-method=s reg=4 ; ", mpidr,
			"cpu", "arm,armv8", "psci", (uint32_t)mpidr);
	}
	dtb_put(d, "; /psci compatible=ss method=s ; ", "arm,psci-1.0", "arm,psci-0.2", "hvc");
}

/* On a GICv2 a PPI's cell says for which cores it is, too. */
static void write_gic(struct dtb *d, const struct vm *vm)
{
	bool v3 = vm->gic_version == 3;
	uint32_t how = LEVEL | (v3 ? 0 : ((1u << vm->cpus) - 1) << 8);

	dtb_put(d, "/interrupt-controller@ compatible=s reg=8888 ", VM_GICD,
		v3 ? "arm,gic-v3" : "arm,cortex-a15-gic", VM_GICD, v3 ? 0x10000UL : 0x1000UL,
		v3 ? VM_GICR : VM_GICC, v3 ? 0x20000UL * vm->cpus : 0x2000UL);
	dtb_put(d, "interrupt-controller= #interrupt-cells=4 phandle=4 ; ", 3, GIC);
	dtb_put(d, "/timer compatible=s interrupts=444444444444 always-on= ; ", "arm,armv8-timer",
		PPI, 13, how, PPI, 14, how, PPI, 11, how, PPI, 10, how);
}

static void write_devices(struct dtb *d, const struct vm *vm)
{
	dtb_put(d, "/clock compatible=s #clock-cells=4 clock-frequency=4 phandle=4 ; ",
		"fixed-clock", 0, CLOCK_HZ, CLOCK);
	dtb_put(d, "/pl011@ compatible=ss reg=88 interrupts=444 clocks=44 clock-names=ss ; ",
		VM_UART, "arm,pl011", "arm,primecell", VM_UART, VM_MMIO_SIZE, SPI, VM_SPI_UART - 32,
		LEVEL, CLOCK, CLOCK, "uartclk", "apb_pclk");
	dtb_put(d, "/pl031@ compatible=ss reg=88 clocks=4 clock-names=s ; ", VM_RTC, "arm,pl031",
		"arm,primecell", VM_RTC, VM_MMIO_SIZE, CLOCK, "apb_pclk");
	for (unsigned int i = 0; i < vm->nr_virtio; i++) {
		uint64_t at = VM_VIRTIO + i * VM_MMIO_SIZE;

		dtb_put(d, "/virtio_mmio@ compatible=s reg=88 interrupts=444 dma-coherent= ; ", at,
			"virtio,mmio", at, VM_MMIO_SIZE, SPI, VM_SPI_VIRTIO + i - 32, EDGE);
	}
}

size_t vm_tree(const struct vm *vm, void *buf, size_t room, uint64_t initrd, uint64_t size)
{
	struct dtb d;

	dtb_begin(&d, buf, room);
	dtb_put(&d, "/ compatible=s model=s #address-cells=4 #size-cells=4 interrupt-parent=4 ",
		"linux,dummy-virt", "Newel's vm", 2, 2, GIC);
	write_chosen(&d, vm, initrd, size);
	write_cpus(&d, vm);
	write_gic(&d, vm);
	write_devices(&d, vm);
	dtb_put(&d, "; ");
	return dtb_end(&d, (uint32_t)(vm->vcpu[0].mpidr & MPIDR_CPU));
}
