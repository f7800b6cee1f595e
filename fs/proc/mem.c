/*
 * mem.c - what a process has of memory: maps, smaps, statm; and what it was started with: cmdline,
 * environ, auxv.
 *
 * Comes from proc.c with an address space that is held for the piece (show_piece).  Only user
 * addresses are shown, and only to a reader that may look into the process.  Invariant: each line
 * is of one moment, under mm->lock; between two lines the address space may change.
 */
#include "fs/proc/mem.h"

#include "fs/file.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/vmstat.h"

#define NAME_COLUMN 73 /* of a line of maps: where the name begins */

static void put_file(struct proc_text *t, struct vma_info *v)
{
	const struct file *f = v->file ? container_of(v->file, struct file, held) : NULL;
	const struct inode *inode = f ? f->inode : NULL;
	uint32_t dev = inode ? inode->sb->dev : 0;

	proc_printf(t, "%08lx %02x:%02x %lu ", inode ? v->offset : 0UL, dev_major(dev),
		    dev_minor(dev), inode ? inode->ino : 0UL);
}

/* One line of maps; v->file is dropped. */
static int put_map(struct proc_text *t, struct vma_info *v)
{
	const struct file *f = v->file ? container_of(v->file, struct file, held) : NULL;
	size_t start = t->len;
	int err = 0;

	proc_printf(t, "%08lx-%08lx %c%c%c%c ", (unsigned long)v->start, (unsigned long)v->end,
		    v->flags & VM_READ ? 'r' : '-', v->flags & VM_WRITE ? 'w' : '-',
		    v->flags & VM_EXEC ? 'x' : '-',
		    (v->flags & (VM_SHARED | VM_VVAR)) == VM_SHARED ? 's' : 'p');
	put_file(t, v);
	if (v->name || (f && f->path.mnt)) {
		while (!t->full && t->len - start < NAME_COLUMN)
			proc_puts(t, " ");
		if (v->name)
			proc_puts(t, v->name);
		else
			err = proc_put_path(t, &f->path, "\n");
	}
	proc_puts(t, "\n");
	if (v->file)
		held_put(v->file);
	return err;
}

int proc_maps(struct proc_text *t, struct mm *mm, uint64_t *at)
{
	struct vma_info v;
	int ret = 0;

	if (!mm)
		return 0;
	while (t->len < t->size / 2 && mm_next_vma(mm, *at, VMA_FILE, &v)) {
		/*
		 * An address, not a VMA: that may be split, joined or gone when the next line is
		 * due.
		 */
		*at = v.end;
		ret = put_map(t, &v);
		if (ret || t->full)
			break;
		ret = 1;
	}
	return ret;
}

/* The counts of one VMA, or of all of them added: @rollup, which has three lines more. */
static void put_counts(struct proc_text *t, const struct vma_info *v, bool rollup)
{
	size_t private = v->rss - v->shared, private_dirty = min(v->dirty, private);
	unsigned long pss = v->pss >> 10, anon = min(KIB(v->anon), pss);
	static const char *const none[] = { "ShmemPmdMapped:", "FilePmdMapped:", "Shared_Hugetlb:",
					    "Private_Hugetlb:" };

	proc_put_kib(t, "Rss:", KIB(v->rss));
	proc_put_kib(t, "Pss:", pss);
	proc_put_kib(t, "Pss_Dirty:", v->rss ? pss * v->dirty / v->rss : 0);
	if (rollup) {
		proc_put_kib(t, "Pss_Anon:", anon);
		proc_put_kib(t, "Pss_File:", 0);
		proc_put_kib(t, "Pss_Shmem:", pss - anon);
	}
	proc_put_kib(t, "Shared_Clean:", KIB(v->shared - (v->dirty - private_dirty)));
	proc_put_kib(t, "Shared_Dirty:", KIB(v->dirty - private_dirty));
	proc_put_kib(t, "Private_Clean:", KIB(private - private_dirty));
	proc_put_kib(t, "Private_Dirty:", KIB(private_dirty));
	proc_put_kib(t, "Referenced:", KIB(v->rss));
	proc_put_kib(t, "Anonymous:", KIB(v->anon));
	proc_put_kib(t, "KSM:", 0);
	proc_put_kib(t, "LazyFree:", 0);
	proc_put_kib(t, "AnonHugePages:", KIB(v->huge));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		proc_put_kib(t, none[i], 0);
	proc_put_kib(t, "Swap:", KIB(v->swap));
	proc_put_kib(t, "SwapPss:", v->swap_pss >> 10);
	proc_put_kib(t, "Locked:", v->flags & VM_LOCKED ? KIB(v->rss) : 0);
}

static void put_vm_flags(struct proc_text *t, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} names[] = {
		{ VM_READ, "rd " },	{ VM_WRITE, "wr " },	 { VM_EXEC, "ex " },
		{ VM_SHARED, "sh " },	{ VM_GROWSDOWN, "gd " }, { VM_LOCKED, "lo " },
		{ VM_DONTFORK, "dc " }, { VM_NORESERVE, "nr " }, { VM_WIPEONFORK, "wf " },
		{ VM_DONTDUMP, "dd " }, { VM_HUGEPAGE, "hg " },	 { VM_NOHUGEPAGE, "nh " },
	};

	proc_puts(t, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			proc_put(t, names[i].text, 3);
	proc_puts(t, "\n");
}

int proc_smaps(struct proc_text *t, struct mm *mm, uint64_t *at)
{
	struct vma_info v;
	int ret = 0;

	if (!mm)
		return 0;
	/* One VMA a piece: counting its pages may take long, and gives way. */
	if (mm_next_vma(mm, *at, VMA_FILE | VMA_COUNTS, &v)) {
		*at = v.end;
		ret = put_map(t, &v) ?: 1;
		proc_put_kib(t, "Size:", (v.end - v.start) >> 10);
		proc_put_kib(t, "KernelPageSize:", KIB(1));
		proc_put_kib(t, "MMUPageSize:", KIB(1));
		put_counts(t, &v, false);
		proc_puts(t, "THPeligible:           0\n");
		put_vm_flags(t, v.flags);
	}
	return ret;
}

int proc_smaps_rollup(struct proc_text *t, struct mm *mm, uint64_t *at)
{
	struct vma_info sum = { .name = "[rollup]" }, v;
	uintptr_t from = 0;
	int err;

	if (!mm)
		return -ESRCH;
	while (mm_next_vma(mm, from, VMA_COUNTS, &v)) {
		if (!sum.end)
			sum.start = v.start;
		sum.end = from = v.end;
		sum.rss += v.rss;
		sum.anon += v.anon;
		sum.shared += v.shared;
		sum.dirty += v.dirty;
		sum.pss += v.pss;
		sum.huge += v.huge;
		sum.swap += v.swap;
		sum.swap_pss += v.swap_pss;
		if (!file_may_continue())
			break;
	}
	err = put_map(t, &sum);
	put_counts(t, &sum, true);
	return err;
}

int proc_statm(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct mm *mm = process_mm(n->process, NULL);
	struct mm_stat st = { .total = 0 };

	if (mm) {
		mm_stat(mm, &st);
		mm_put(mm);
	}
	proc_printf(t, "%zu %zu %zu %zu 0 %zu 0\n", st.total, st.rss, st.file, st.text,
		    st.data + st.stack);
	return 0;
}

/* ---- what it was started with ---- */

/* A piece of [@start, @end) from *@at bytes on. */
static int put_memory(struct proc_text *t, struct mm *mm, uintptr_t start, uintptr_t end,
		      uint64_t *at)
{
	uint64_t all = end > start ? end - start : 0;
	uint64_t left = all > *at ? all - *at : 0;
	size_t n = (size_t)min(left, (uint64_t)(t->size - t->len)), got;

	/*
	 * Through the other's page tables, with faults for its sake: the page may have to be
	 * brought in.
	 */
	got = n ? mm_read(mm, start + *at, t->buf + t->len, n) : 0;
	t->len += got;
	*at += got;
	return got && got == n && *at < all;
}

int proc_environ(struct proc_text *t, struct mm *mm, uint64_t *at)
{
	return mm ? put_memory(t, mm, mm->env_start, mm->env_end, at) : 0;
}

/*
 * Also of an address space that is gone, as on Linux: the reader was allowed to see it, and no
 * other program has it.
 */
int proc_auxv(struct proc_text *t, struct mm *mm, uint64_t *at)
{
	if (mm)
		proc_put(t, (const char *)mm->auxv, sizeof(mm->auxv));
	return 0;
}

/*
 * The arguments; but a program may have written a longer title over them, into the environment:
 * then, as on Linux, all up to its first NUL.
 */
int proc_cmdline(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct mm *mm = process_mm(n->process, NULL);
	size_t before = t->len;
	uintptr_t end;
	char last = 0;
	int more;

	if (!mm)
		return 0;
	/* Its own words: a program may move them (PR_SET_MM), or write over them at this moment. */
	end = mm->arg_end;
	if (end > mm->arg_start && mm_read(mm, end - 1, &last, 1) == 1 && last)
		end = max(end, mm->env_end);
	more = put_memory(t, mm, mm->arg_start, end, at);
	if (last) {
		size_t title = strnlen(t->buf + before, t->len - before);

		if (title < t->len - before) {
			t->len = before + title + 1;
			more = 0;
		}
	}
	mm_put(mm);
	return more;
}
