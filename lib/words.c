/*
 * words.c - the kernel's command line: which words are the kernel's own, and what those that are
 * obeyed here say.
 *
 * A boot loader's command line is written for Linux.  What Linux on arm64 takes for itself never
 * reaches init, so it must not here, whether we do something about it or not: `rootwait` would be a
 * shell's script.  The names are those that Debian's arm64 kernel 6.12 registers (its __setup,
 * early_param and core_param tables), by their alphabet. Words with a '.' are a module's and not
 * listed.
 */
#include "lib/words.h"

#include "lib/string.h"

/* clang-format off */

/*
 * "name" with or without a value; "name=" only with one, "name!" only without: otherwise the word
 * is nobody's, as on Linux. Sorted by name, with '_' for '-', so that a word is looked for in
 * halves.
 */
static const char *const known[] = {
	"acpi", "acpi_apic_instance", "acpi_backlight=", "acpi_enforce_resources=",
	"acpi_force_table_verification", "acpi_irq_balance", "acpi_irq_isa=", "acpi_irq_nobalance",
	"acpi_irq_pci=", "acpi_mask_gpe=", "acpi_no_auto_serialize", "acpi_no_memhotplug",
	"acpi_no_static_ssdt", "acpi_no_watchdog", "acpi_os_name=", "acpi_osi=", "acpi_rsdp",
	"acpica_no_return_repair", "alloc_snapshot", "allow_mismatched_32bit_el0", "apparmor=",
	"audit=", "audit_backlog_limit=", "bdev_allow_write_mounted=", "bert_disable",
	"boot_delay", "bootconfig", "ca_keys=", "cgroup_debug", "cgroup_disable=",
	"cgroup_favordynmods=", "cgroup_no_v1=", "checkreqprot=", "clk_ignore_unused", "clock=",
	"clocksource=", "cma", "coherent_pool", "console=", "console_msg_format=", "consoleblank",
	"coredump_filter=", "crash_kexec_post_notifiers", "crashkernel", "debug",
	"debug_boot_weak_hash", "debugfs", "default_hugepagesz=", "deferred_probe_timeout=",
	"delayacct", "dhash_entries=", "driver_async_probe=", "early_ioremap_debug", "earlycon",
	"efi", "efivar_ssdt=", "elevator=", "elfcorehdr", "enforcing=", "erst_disable", "evm=",
	"fb_tunnels=", "fbcon=", "fips=", "ftrace=", "ftrace_boot_snapshot", "ftrace_dump_on_oops",
	"ftrace_filter=", "ftrace_graph_filter=", "ftrace_graph_max_depth=",
	"ftrace_graph_notrace=", "ftrace_notrace=", "fw_devlink", "gpt", "hardened_usercopy=",
	"hashdist=", "hest_disable", "hibernate=", "highres=", "hlt", "hostname", "hugepages=",
	"hugepagesz=", "hugetlb_cma", "ignore_loglevel", "ignore_rlimit_data", "ihash_entries=",
	"ima_appraise_tcb", "ima_canonical_fmt", "ima_hash=", "ima_policy=", "ima_tcb",
	"ima_template=", "ima_template_fmt=", "init=", "init_on_alloc", "init_on_free",
	"initcall_blacklist=", "initcall_debug", "initramfs_async=", "initramfs_options=",
	"initrd", "initrdmem", "integrity_audit=", "iomem=", "ipcmni_extend", "irqaffinity=",
	"irqfixup", "irqpoll", "isolcpus=", "keep_bootcon", "keepinitrd", "kernelcore",
	"kprobe_event=", "kpti", "load_ramdisk=", "lockdown", "log_buf_len", "loglevel", "lpj=",
	"lsm=", "maxcpus", "mem", "mem_sleep_default=", "memblock", "memhp_default_state=",
	"mhash_entries=", "mitigations", "module_blacklist", "movable_node", "movablecore",
	"mphash_entries=", "netdev=", "nmi_watchdog=", "no_console_suspend", "no_file_caps",
	"no_hash_pointers", "no_steal_acc", "noautogroup", "nodebugmon", "noefi", "nohibernate",
	"nohlt", "nohugeiomap", "nohugevmalloc", "nohz=", "nohz_full=", "noinitrd", "noirqdebug",
	"nokaslr", "nomodeset", "nomodule", "norandmaps", "noresume", "nosmp", "nosoftlockup",
	"nospectre_bhb", "nospectre_v2", "nowatchdog", "nr_cpus", "ntp_tick_adj=", "numa",
	"numa_balancing=", "oops", "panic", "panic_on_taint", "panic_on_warn", "panic_print",
	"pause_on_oops", "pci", "pcie_aspm=", "pcie_pme=", "pcie_port_pm=", "pcie_ports=",
	"pd_ignore_unused", "percpu_alloc", "pnp_reserve_dma=", "pnp_reserve_io=",
	"pnp_reserve_irq=", "pnp_reserve_mem=", "pnpacpi=", "profile=", "psi=", "quiet",
	"randomize_kstack_offset", "ras", "rcu_nocb_poll", "rcu_nocbs", "rdinit=", "reboot=",
	"relax_domain_level=", "reserve=", "reserve_mem=", "reset_devices", "resume=",
	"resume_offset=", "resumedelay=", "resumewait", "retain_initrd", "ro!", "root=",
	"rootdelay=", "rootflags=", "rootfstype=", "rootwait", "rw!", "sched_thermal_decay_shift=",
	"sched_verbose", "schedstats=", "security=", "skew_tick", "slab_debug", "slab_max_order=",
	"slab_merge", "slab_min_objects=", "slab_min_order=", "slab_nomerge", "slub_debug",
	"slub_max_order=", "slub_merge", "slub_min_objects=", "slub_min_order=", "slub_nomerge",
	"softlockup_panic=", "ssbd", "stack_depot_disable", "stack_guard_gap=", "stacktrace",
	"swapaccount=", "swiotlb", "sysrq_always_enabled", "tcpmhash_entries=", "thash_entries=",
	"thp_anon=", "thread_backlog_napi", "threadirqs", "tp_printk", "tp_printk_stop_on_boot",
	"trace", "trace_buf_size=", "trace_clock=", "trace_event=", "trace_instance=",
	"trace_options=", "trace_trigger=", "traceoff_on_warning", "tracing_thresh=",
	"transparent_hugepage=", "uhash_entries=", "video=", "watchdog_thresh=",
};

/* clang-format on */

static char fold_name(char c)
{
	return c == '-' ? '_' : c;
}

/*
 * How @w's name stands to that of @entry, whose mark at the end is no part of it: below 0 before, 0
 * the same, above 0 behind.
 */
static int compare(const struct cmdline_word *w, const char *entry)
{
	char c;

	for (size_t i = 0; i < w->key_len; i++) {
		c = entry[i] == '=' || entry[i] == '!' ? '\0' : entry[i];
		/* Linux takes '-' and '_' in a name for the same. */
		if (fold_name(w->key[i]) != c)
			return fold_name(w->key[i]) - c;
	}
	c = entry[w->key_len];
	return c && c != '=' && c != '!' ? -1 : 0;
}

/* Does @entry, of this name, stand for a word that has a value, or has none? */
static bool takes(const char *entry, bool value)
{
	char mark = entry[strlen(entry) - 1];

	return value ? mark != '!' : mark != '=';
}

bool word_is_ours(const struct cmdline_word *w)
{
	size_t low = 0, high = ARRAY_SIZE(known);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int side = compare(w, known[mid]);

		if (!side)
			return takes(known[mid], w->val);
		if (side < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return memchr(w->key, '.', w->key_len) != NULL;
}

unsigned int words_cores(const char *cmdline)
{
	struct cmdline_word w;
	uint64_t n, cores = UINT32_MAX;

	if (cmdline_find(cmdline, "nr_cpus", &w) && w.val &&
	    parse_u64(w.val, w.val_len, 0, &n) > 0 && n)
		cores = min(cores, n);
	if (cmdline_find(cmdline, "maxcpus", &w) && w.val && parse_u64(w.val, w.val_len, 0, &n) > 0)
		cores = min(cores, n);
	if (cmdline_find(cmdline, "nosmp", &w))
		/* nosmp wins over what the others say. */
		cores = 1;
	return (unsigned int)max(cores, (uint64_t)1); /* there is the one that reads this */
}

bool words_memory(const char *cmdline, uint64_t *bytes)
{
	struct cmdline_word w;

	*bytes = UINT64_MAX;
	if (!cmdline_find(cmdline, "mem", &w))
		return true;
	if (w.val && parse_size(w.val, w.val_len, bytes) > 0 && *bytes)
		return true;
	*bytes = UINT64_MAX;
	return !w.val;
}
