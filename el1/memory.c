/*
 * memory.c - the memory map as the device tree gives it, handed to mm/.
 *
 * Comes from el1/main.c.  Everything that the tree says is checked by lib/fdt.h and mm/memmap.h;
 * what cannot be true ends in a line that says so.
 */
#include "el1/memory.h"

#include "drivers/bcm2711/mailbox.h"
#include "lib/words.h"
#include "log/panic.h"
#include "mm/asid.h"
#include "mm/kmap.h"
#include "mm/memmap.h"
#include "mm/modarea.h"
#include "mm/pgtable.h"
#include "mm/slab.h"
#include "start/boot_info.h"

extern char __image_start[], __image_end[];

static void add_ram(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_range r;
	int more;

	while ((more = fdt_next_memory(fdt, &it, &r)) > 0)
		if (memmap_add_ram(r.addr, r.size))
			pr_warn("memory: %#llx+%#llx is out of reach, left alone\n",
				(unsigned long long)r.addr, (unsigned long long)r.size);
	if (more < 0)
		panic("device tree: malformed memory node");
	if (!memmap_any_ram())
		panic("device tree: no memory node with any RAM in it");
}

/* Panics where there is no room to remember it: it would be handed out. */
static void reserve(uint64_t pa, uint64_t size, bool nomap, const char *what)
{
	if (memmap_reserve(pa, size, nomap))
		panic("memory: cannot keep %s at %#llx+%#llx out: more than %d ranges", what,
		      (unsigned long long)pa, (unsigned long long)size, MEMMAP_MAX);
}

static void reserve_listed(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_reserved res;
	struct fdt_range r;
	int more;

	while (fdt_next_memreserve(fdt, &it, &r) > 0)
		reserve(r.addr, r.size, false, "an entry of /memreserve/");
	it = (struct fdt_iter)FDT_ITER_INIT;
	while ((more = fdt_next_reserved(fdt, &it, &res)) != 0)
		if (more > 0)
			reserve(res.range.addr, res.range.size, res.no_map,
				fdt_name(fdt, res.node));
		else
			pr_warn("device tree: a node of /reserved-memory is malformed (error %d): "
				"nothing is kept out for it\n",
				-more);
}

static bool overlaps(const struct mailbox_memory *m, uint64_t pa, uint64_t size)
{
	return m->base < pa + size && pa < m->base + m->size;
}

/*
 * What the VideoCore keeps for itself, by its own word: the firmware leaves it out of /memory, but
 * a tree that was written by hand, or for another split, may not.  A word that would cost us what
 * we were started with is not believed.
 */
static void reserve_videocore(const struct boot_info *boot, const struct initrd *rd)
{
	struct mailbox_memory vc;

	if (mailbox_vc_memory(&vc))
		return;
	if (overlaps(&vc, boot->image, (uint64_t)(__image_end - __image_start)) ||
	    overlaps(&vc, boot->dtb, boot->dtb_size) || overlaps(&vc, rd->pa, rd->size)) {
		pr_warn("memory: the VideoCore's, %#llx+%#llx by its word, is ours: not believed\n",
			(unsigned long long)vc.base, (unsigned long long)vc.size);
		return;
	}
	reserve(vc.base, vc.size, true, "the VideoCore's memory");
}

static void add_back(uint64_t pa, uint64_t size)
{
	uint64_t start = ALIGN_DOWN(pa, PAGE_SIZE), end = ALIGN_UP(pa + size, PAGE_SIZE);

	if (size && end > start && memmap_add_ram(start, end - start))
		pr_warn("memory: %#llx+%#llx is lost to mem=\n", (unsigned long long)pa,
			(unsigned long long)size);
}

/*
 * mem=: less RAM than there is; but where the kernel, the device tree and the initrd lie is RAM all
 * the same, as on Linux.
 */
static void limit_ram(const struct boot_info *boot, const struct initrd *rd, uint64_t bytes)
{
	bool whole =
		rd->size && rd->pa + rd->size > rd->pa && memmap_range_is_ram(rd->pa, rd->size);

	if (bytes == UINT64_MAX)
		return;
	memmap_limit_ram(bytes);
	add_back(boot->image, (uint64_t)(__image_end - __image_start));
	add_back(boot->dtb, boot->dtb_size);
	if (whole)
		add_back(rd->pa, rd->size);
	pr_notice("memory: limited to %llu MiB\n", (unsigned long long)bytes >> 20);
}

/* The value of initrd=: ADDR,SIZE and nothing else. */
static bool parse_initrd(const struct cmdline_word *w, struct initrd *rd)
{
	int used = w->val ? parse_size(w->val, w->val_len, &rd->pa) : -1, more;

	if (used < 0 || (size_t)used >= w->val_len || w->val[used++] != ',')
		return false;
	more = parse_size(w->val + used, w->val_len - (size_t)used, &rd->size);
	return more > 0 && (size_t)(used + more) == w->val_len;
}

/* initrd=ADDR,SIZE (Linux's own parameter: an ELF's loader has no other way), else /chosen. */
static struct initrd find_initrd(const struct fdt *fdt, const char *cmdline)
{
	struct initrd rd = { 0, 0 };
	struct fdt_chosen chosen;
	struct cmdline_word w;

	if (cmdline_find(cmdline, "initrd", &w)) {
		if (parse_initrd(&w, &rd))
			return rd;
		pr_err("initrd=%.*s: ADDR,SIZE was expected: ignored\n", (int)w.val_len,
		       w.val ? w.val : "");
	}
	if (!fdt_read_chosen(fdt, &chosen))
		return (struct initrd){ chosen.initrd.addr, chosen.initrd.size };
	pr_err("device tree: /chosen/linux,initrd-start and -end make no sense: ignored\n");
	return (struct initrd){ 0, 0 };
}

/* Panics unless all of the initrd is RAM, and not the kernel's or the device tree's. */
static void check_initrd(const struct initrd *rd, const struct boot_info *boot)
{
	uint64_t image = boot->image, image_size = (uint64_t)(__image_end - __image_start);

	if (rd->pa + rd->size < rd->pa || !memmap_range_is_ram(rd->pa, rd->size))
		panic("initrd at %#llx, %llu KiB: does not fit into RAM",
		      (unsigned long long)rd->pa, (unsigned long long)rd->size >> 10);
	if (rd->pa < image + image_size && image < rd->pa + rd->size)
		panic("initrd at %#llx, %llu KiB: overlaps the kernel at %#llx, %llu KiB",
		      (unsigned long long)rd->pa, (unsigned long long)rd->size >> 10,
		      (unsigned long long)image, (unsigned long long)image_size >> 10);
}

/* Bytes of RAM that the command line leaves us. */
static uint64_t ram_wanted(const char *cmdline)
{
	struct cmdline_word w;
	uint64_t bytes;

	if (!words_memory(cmdline, &bytes) && cmdline_find(cmdline, "mem", &w))
		pr_err("mem=%.*s: a size was expected: ignored\n", (int)w.val_len, w.val);
	return bytes;
}

struct initrd memory_init(const struct boot_info *boot, const struct fdt *fdt, const char *cmdline)
{
	struct initrd rd = find_initrd(fdt, cmdline);

	add_ram(fdt);
	limit_ram(boot, &rd, ram_wanted(cmdline));
	/*
	 * start/ has mapped the image where it belongs; EL1 must not read what EL2 and EL3 keep of
	 * it
	 */
	reserve(boot->image, (uint64_t)(__image_end - __image_start), true, "the kernel");
	reserve(boot->dtb, boot->dtb_size, false, "the device tree");
	reserve_listed(fdt);
	reserve_videocore(boot, &rd);
	if (rd.size) {
		check_initrd(&rd, boot);
		reserve(rd.pa, rd.size, false, "the initrd");
	}
	modarea_reserve(cmdline);
	kmap_init();
	page_init();
	slab_init();
	asid_init();
	pgt_init();
	uaccess_init();
	pr_info("memory: %zu MiB of RAM free, page size 4 KiB\n", page_free_count() >> 8);
	return rd;
}
