/*
 * main.c - bring-up is a list: from start/ in the higher half to the first task.
 */
#include "abi/levels.h"
#include "block/partition.h"
#include "block/ram.h"
#include "drivers/bcm2711/board.h"
#include "drivers/bcm2711/led.h"
#include "drivers/bcm2711/mailbox.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "drivers/psci/psci.h"
#include "drivers/rtc/rtc.h"
#include "drivers/semihosting/semihosting.h"
#include "drivers/timer/timer.h"
#include "drivers/uart.h"
#include "el1/counters.h"
#include "el1/earlycon.h"
#include "el1/emulate.h"
#include "el1/init.h"
#include "el1/levels.h"
#include "el1/panic.h"
#include "el1/smp.h"
#include "el1/spectre.h"
#include "el1/tracedev.h"
#include "el1/tracefiles.h"
#include "el1/tracing.h"
#include "el1/trap.h"
#include "el1/vbar.h"
#include "el1/watch.h"
#include "fs/dev.h"
#include "fs/hostfile.h"
#include "fs/init.h"
#include "fs/random.h"
#include "kmod/kmod.h"
#include "kvm/kvm.h"
#include "lib/words.h"
#include "log/version.h"
#include "mm/kmap.h"
#include "selftest/selftest.h"
#include "start/boot_info.h"
#include "task/futex.h"
#include "task/init.h"
#include "task/time/adjust.h"
#include "trace/crossing.h"

extern char __image_start[], __data_end[], __image_end[]; /* link.ld */

static struct fdt fdt;
static struct fdt_chosen chosen;

static void say_how_we_came(const struct boot_info *boot)
{
	char line[160];

	boot_line(boot, psci_conduit(), line, sizeof(line));
	pr_info("%s\n", line);
}

/*
 * The device tree, checked: without one nothing is known of the machine, not even where to say so.
 */
static void read_device_tree(const struct boot_info *boot)
{
	if (!boot->dtb_size) {
		earlycon_force();
		panic("no device tree: x0 did not point to one, nor was one at the start of RAM");
	}
	if (boot->dtb < boot->image + (uint64_t)(__image_end - __image_start) &&
	    boot->image < boot->dtb + boot->dtb_size) {
		earlycon_force();
		panic("device tree at %#llx: overlaps the kernel at %#llx, %llu KiB",
		      (unsigned long long)boot->dtb, (unsigned long long)boot->image,
		      (unsigned long long)(__image_end - __image_start) >> 10);
	}
	if (fdt_check(phys_to_virt(paddr_of(boot->dtb)), boot->dtb_size, &fdt)) {
		earlycon_force();
		panic("device tree at %#llx is damaged: %s at offset %#x",
		      (unsigned long long)boot->dtb, fdt.error, fdt.error_at);
	}
	if (fdt_read_chosen(&fdt, &chosen))
		chosen.initrd.size = 0; /* el1/memory.c says so, once there is a console */
}

static void start_devices(void)
{
	if (irq_init(&fdt))
		panic("no interrupt controller that we know: GICv2 or GICv3 is needed");
	if (timer_init(&fdt))
		panic("no architected timer in the device tree");
	timer_queue_init();
	uart_init(&fdt);
	device_probe(&fdt, DEVICE_NORMAL);
	partitions_configure(chosen.bootargs ? chosen.bootargs : "");
	ram_disks_init(chosen.bootargs ? chosen.bootargs : "");
	clock_set_wall(timer_now_ns() + rtc_boot_time_ns());
}

/* fs/ and what it shows of the rest, and what needs its random numbers. */
static void start_files(void)
{
	static struct text_device levels = {
		.dev = { .name = "levels",
			 .number = DEV(LEVELS_MAJOR, LEVELS_MINOR),
			 .mode = 0444 },
		.text = levels_text,
	};

	uint64_t keys[2];

	random_init((void *)chosen.rng_seed, chosen.rng_seed_len);
	random_bytes(keys, sizeof(keys));
	futex_init(keys);
	fs_init(chosen.bootargs ? chosen.bootargs : "");
	dev_register_text(&levels);
	tracing_dev_init();
	tracefiles_init();
	hostfile_init(chosen.bootargs ? chosen.bootargs : "");
	kmod_init();
	counters_init();
}

void kmain(struct boot_info *boot)
{
	struct initrd initrd;

	/*
	 * First: a fault from here on is reported by name, even before there is a console (the log
	 * replays).
	 */
	vbar_init_cpu();
	earlycon_init(boot);
	read_device_tree(boot);
	log_configure(chosen.bootargs);
	pr_info("newel " NEWEL_VERSION "\n");
	if (boot->checksum_wanted)
		pr_notice("image: crc32 %08x, size %08zx\n", boot->image_crc,
			  (size_t)(__data_end - __image_start));
	panic_configure(chosen.bootargs);
	semihosting_init(chosen.bootargs);
	trace_configure(chosen.bootargs, trace_smccc);
	tracefiles_configure(chosen.bootargs);
	psci_init(&fdt, boot_has_el3(boot));
	panic_init();
	watch_init(chosen.bootargs);
	say_how_we_came(boot);
	spectre_init(boot, chosen.bootargs);
	vbar_init_cpu(); /* again: now it is known what the entries from EL0 have to do */
	/* Before the UARTs, whose clocks it knows. */
	mailbox_init(&fdt);
	uart_early_init(&fdt, &chosen, earlycon_had_log);
	earlycon_hand_over();
	/* There is someone to tell: what a loader has left pending comes now. */
	serror_enable();
	uart_report();
	boot_stage(STAGE_CONSOLE);
	board_init(&fdt);
	initrd = memory_init(boot, &fdt, chosen.bootargs);
	emulate_init();
	/* Before interrupts, whose way out looks at the running task. */
	task_init();
	trap_init();
	tracefiles_size(chosen.bootargs);
	tracing_init();
	start_devices();
	boot_stage(STAGE_DEVICES);
	levels_init(boot);
	levels_seal();
	vbar_init_cpu();
	start_files();
	/* After all that the cores share was made: none of it has a lock against its making. */
	smp_start_others(&fdt, words_cores(chosen.bootargs));
	/* After the other cores: it lets the interrupt in that ends a guest's run, on each. */
	kvm_init(chosen.bootargs ? chosen.bootargs : "");
	boot_stage(STAGE_INIT);
	/* After the last blink of a boot that no UART tells of. */
	led_init(&boot->led);
	led_set(true);
	selftest_run(chosen.bootargs);
	init_start(chosen.bootargs, &initrd);
	sched_idle();
}
