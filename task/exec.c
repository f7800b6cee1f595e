/*
 * exec.c - from an ELF file to an address space in which its first instruction can run.
 *
 * The new address space is built whole, on the side, by a task that still runs its old program;
 * nothing of the old is touched before exec_commit().  The file is hostile: every number of it has
 * been through lib/elf.c, and every range goes through mm_map()'s checks.
 *
 * The stack, from the top down, as Linux lays it out:
 * 	8 zero bytes, the file's name, the environment's strings, the arguments' strings,
 * 	a random gap, "aarch64", 16 random bytes, padding,
 * 	auxv, NULL, envp, NULL, argv, argc		<- SP, 16-byte aligned
 */
#include "task/exec.h"

#include "abi/auxv.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/personality.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/time.h"
#include "arm/idreg.h"
#include "arm/irqflags.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/cred.h"
#include "task/fp.h"
#include "task/internal.h"
#include "task/time/posix_timer.h"
#include "task/vdso.h"

#define ARGS_MAX	(UINT64_C(6) << 20)   /* three quarters of the default stack limit */
#define ARGS_MIN	(UINT64_C(128) << 10) /* what there is room for however small the limit */
#define STACK_FIRST	(UINT64_C(132) << 10) /* of the stack's VMA; the rest grows by faults */
#define STACK_RANDOM	UINT64_C(0x3ffff)     /* pages */
/*
 * The stack's limit for a program with more rights than its caller, who could choose what lies
 * where by it.
 */
#define STACK_USUAL	(UINT64_C(8) << 20)
#define MMAP_RANDOM	UINT64_C(0x3ffff) /* pages */
#define BRK_RANDOM	UINT64_C(0x3ffff) /* pages */
/* Between mappings and the top: the stack's, and more if its limit is more. */
#define MMAP_GAP_MIN	(UINT64_C(128) << 20)
#define MMAP_GAP_MAX	(USER_TOP / 6 * 5)
#define DYN_BASE	(USER_TOP / 3 * 2) /* of a position-independent program */
#define MINSIGSTKSZ_NOW 4720		   /* the frame of el1/signal.c, alignment included */

static const char zeros[PAGE_SIZE];

/* ---- the file ---- */

int exec_read_header(struct exec_file *f)
{
	uint8_t header[ELF_HEADER_SIZE];
	long n = object_read(f->object, 0, header, sizeof(header));
	int err;

	f->table = NULL;
	if (n < 0)
		return (int)n;
	err = elf_check_header(header, (size_t)n, &f->elf);
	if (err)
		return err;
	f->table = kmalloc(f->elf.table_size);
	if (!f->table)
		return -ENOMEM;
	n = object_read(f->object, f->elf.table_off, f->table, f->elf.table_size);
	if (n == (long)f->elf.table_size)
		err = elf_check_table(&f->elf, f->table);
	else
		err = n < 0 ? (int)n : -ENOEXEC;
	if (err)
		exec_free_header(f);
	return err;
}

void exec_free_header(struct exec_file *f)
{
	kfree(f->table);
	f->table = NULL;
}

long exec_interpreter(const struct exec_file *f, char *path)
{
	size_t size = f->elf.interp_size;
	long n;

	if (!size)
		return 0;
	n = object_read(f->object, f->elf.interp_off, path, size);
	if (n < 0)
		return n;
	if (n != (long)size || path[size - 1])
		return -ENOEXEC;
	return (long)strlen(path);
}

/* ---- the strings ---- */

static uint64_t random_pages(const struct exec *x, uint64_t random, uint64_t most)
{
	return x->randomize ? (random & most) << PAGE_SHIFT : 0;
}

/* Mappings go top down from below the room that the stack may want. */
static uintptr_t mmap_top(const struct exec *x, uint64_t stack_limit)
{
	uint64_t gap = stack_limit, pad = (STACK_RANDOM << PAGE_SHIFT) + (256 << PAGE_SHIFT);

	if (gap + pad > gap)
		gap += pad;
	gap = min(max(gap, MMAP_GAP_MIN), MMAP_GAP_MAX);
	return ALIGN_DOWN(USER_TOP - gap - random_pages(x, x->random.mmap, MMAP_RANDOM), PAGE_SIZE);
}

static int make_stack(struct exec *x, uint64_t stack_limit)
{
	struct mm *mm = x->mm;
	long at;

	mm->stack_top = USER_TOP - random_pages(x, x->random.stack, STACK_RANDOM);
	/* While the strings are put there; exec_load sets the real one. */
	mm->stack_limit = max(stack_limit, 2 * ARGS_MAX);
	at = mm_map(mm, mm->stack_top - STACK_FIRST, STACK_FIRST,
		    VM_READ | VM_WRITE | VM_GROWSDOWN | VM_STACK, MAP_FIXED, NULL);
	return at < 0 ? (int)at : 0;
}

/* How many bytes the strings and the pointers to them may take. */
static uint64_t args_room(uint64_t stack_limit)
{
	return max(min(ARGS_MAX, stack_limit / 4), ARGS_MIN);
}

int exec_begin(struct exec *x, size_t strings, uint64_t stack_limit)
{
	uint64_t room = args_room(stack_limit);
	int err;

	x->mm = NULL;
	x->len = NULL;
	x->nr = 0;
	x->cap = strings;
	if (strings > room / sizeof(uint64_t))
		return -E2BIG;
	x->len = kmalloc(strings * sizeof(x->len[0]));
	x->mm = x->len ? mm_create() : NULL;
	err = x->mm ? make_stack(x, stack_limit) : -ENOMEM;
	if (err) {
		exec_abort(x);
		return err;
	}
	x->sp = x->mm->stack_top - sizeof(uint64_t);
	x->floor = x->sp - (room - strings * sizeof(uint64_t));
	return 0;
}

static int make_room(const struct exec *x, size_t size)
{
	return size > EXEC_STRING_MAX || x->nr == x->cap || size > x->sp - x->floor ? -E2BIG : 0;
}

static void pushed(struct exec *x, size_t size)
{
	x->sp -= size;
	x->len[x->nr++] = (uint32_t)size;
}

int exec_push(struct exec *x, const char *s, size_t size)
{
	int err = make_room(x, size);

	if (!err)
		err = mm_write(x->mm, x->sp - size, s, size);
	if (!err)
		pushed(x, size);
	return err;
}

/* Another thread may change the string while it is copied: its length is what was seen first, its
 * end a NUL in any case. */
static int copy_string(struct exec *x, uptr s, size_t size)
{
	char buf[256];

	for (size_t done = 0, n; done < size; done += n) {
		int err;

		n = min(size - done, sizeof(buf));
		if (copy_from_user(buf, uptr_add(s, done), n))
			return -EFAULT;
		if (done + n == size)
			buf[n - 1] = 0;
		err = mm_write(x->mm, x->sp - size + done, buf, n);
		if (!err && (done + n) % PAGE_SIZE == 0)
			err = give_way();
		if (err)
			return err;
	}
	return 0;
}

/* As strnlen_user, a page at a time: a string may be long. */
static long string_length(uptr s)
{
	size_t sum = 0;

	while (sum < EXEC_STRING_MAX) {
		size_t most = min((size_t)PAGE_SIZE, EXEC_STRING_MAX - sum);
		long n = strnlen_user(uptr_add(s, sum), most);

		if (n < 0)
			return n;
		sum += (size_t)n;
		if ((size_t)n < most)
			break;
		if (give_way())
			return -EINTR;
	}
	return (long)sum;
}

int exec_push_user(struct exec *x, uptr s)
{
	long n = string_length(s);
	size_t size = (size_t)n + 1;
	int err;

	if (n < 0)
		return (int)n;
	err = make_room(x, size);
	if (!err)
		err = copy_string(x, s, size);
	if (!err)
		pushed(x, size);
	return err;
}

void exec_pop(struct exec *x)
{
	x->sp += x->len[--x->nr];
}

void exec_abort(struct exec *x)
{
	if (x->mm)
		mm_put(x->mm);
	kfree(x->len);
	cred_put(x->cred);
	x->cred = NULL;
	x->mm = NULL;
	x->len = NULL;
}

/* ---- the segments ---- */

/* Anonymous memory behind the file's part of a segment; writable whatever the segment says, as in
 * Linux. */
static int map_bss(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t exec)
{
	long at;

	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if (start >= end)
		return 0;
	at = mm_map(mm, start, end - start, VM_READ | VM_WRITE | exec, MAP_FIXED, NULL);
	return at < 0 ? (int)at : 0;
}

/* The file's last page goes on into the bss: what the file has there is not the program's. */
static int clear_tail(struct mm *mm, uintptr_t at, uint32_t flags)
{
	size_t n = ALIGN_UP(at, PAGE_SIZE) - at;

	if (!n || !(flags & VM_WRITE))
		return 0;
	return mm_write(mm, at, zeros, n);
}

static int map_segment(struct mm *mm, const struct exec_file *f, const struct elf_segment *s,
		       uintptr_t bias)
{
	uint32_t flags = (s->flags & ELF_PF_R ? VM_READ : 0) |
			 (s->flags & ELF_PF_W ? VM_WRITE : 0) | (s->flags & ELF_PF_X ? VM_EXEC : 0);
	uintptr_t va = bias + s->vaddr, start = ALIGN_DOWN(va, PAGE_SIZE),
		  end_of_file = va + s->filesz;
	uint64_t lead = va - start;
	const struct vm_source from = { f->object, f->file, s->offset - lead };
	long at;
	int err;

	if (!s->filesz)
		return map_bss(mm, start, va + s->memsz, flags & VM_EXEC);
	at = mm_map(mm, start, lead + s->filesz, flags, MAP_FIXED, &from);
	if (at < 0)
		return (int)at;
	if (s->memsz == s->filesz)
		return 0;
	err = clear_tail(mm, end_of_file, flags);
	return err ? err : map_bss(mm, end_of_file, va + s->memsz, flags & VM_EXEC);
}

static int map_segments(struct mm *mm, const struct exec_file *f, uintptr_t bias)
{
	struct elf_segment s;
	uint32_t i = 0;
	int err = 0;

	while (!err && elf_next_segment(&f->elf, &i, &s))
		err = map_segment(mm, f, &s, bias);
	return err;
}

/* A place for all of @elf among the mappings: found by reserving it. */
static int find_place(struct mm *mm, const struct elf_image *elf, uint64_t align, uintptr_t *bias)
{
	size_t size = ALIGN_UP(elf->high, PAGE_SIZE) - elf->low;
	long at;

	if (align > USER_TOP || size > USER_TOP - align)
		return -ENOMEM;
	size += align - PAGE_SIZE;
	at = mm_map(mm, 0, size, 0, MAP_PRIVATE | MAP_ANONYMOUS, NULL);
	if (at < 0)
		return (int)at;
	*bias = ALIGN_UP((uintptr_t)at, align) - elf->low;
	return mm_unmap(mm, (uintptr_t)at, size);
}

/*
 * A program that may lie anywhere lies at two thirds of the address space, away from mappings and
 * stack, and its heap behind it.  One that names no interpreter is likely to be one: it lies among
 * the mappings, so that the program that it will load finds its place free, and only its heap at
 * two thirds.
 */
static int place_program(struct exec *x, const struct elf_image *elf, uintptr_t *bias,
			 uintptr_t *heap)
{
	uintptr_t base = DYN_BASE + random_pages(x, x->random.load, MMAP_RANDOM);
	int err = 0;

	*bias = 0;
	if (elf->dyn && elf->interp_size)
		*bias = ALIGN_DOWN(base, elf->align) - elf->low;
	else if (elf->dyn)
		err = find_place(x->mm, elf, elf->align, bias);
	*heap = elf->dyn && !elf->interp_size ? DYN_BASE : *bias + elf->high;
	return err;
}

static int map_interp(struct mm *mm, struct exec_file *f, uintptr_t *bias)
{
	int err = elf_check_segments(&f->elf, USER_TOP, PAGE_SIZE);

	*bias = 0;
	if (!err && f->elf.dyn)
		err = find_place(mm, &f->elf, PAGE_SIZE, bias);
	return err ? err : map_segments(mm, f, *bias);
}

static int map_program(struct exec *x, struct exec_file *f, uintptr_t *bias)
{
	struct mm *mm = x->mm;
	uintptr_t heap;
	int err = elf_check_segments(&f->elf, USER_TOP, PAGE_SIZE);

	if (!err)
		err = place_program(x, &f->elf, bias, &heap);
	if (!err)
		err = map_segments(mm, f, *bias);
	if (err)
		return err;
	mm->brk_start = mm->brk =
		ALIGN_UP(heap, PAGE_SIZE) + random_pages(x, x->random.brk, BRK_RANDOM);
	object_get(f->object);
	mm->exe = f->object;
	held_get(f->file);
	mm->exe_file = f->file;
	return 0;
}

/* ---- the initial stack ---- */

/* Words written upwards, a buffer at a time. */
struct words {
	struct mm *mm;
	uintptr_t at;
	int err;
	unsigned int n;
	uint64_t word[32];
};

static void flush_words(struct words *w)
{
	if (w->n && !w->err)
		w->err = mm_write(w->mm, w->at, w->word, w->n * sizeof(w->word[0]));
	if (!w->err)
		w->err = give_way();
	w->at += w->n * sizeof(w->word[0]);
	w->n = 0;
}

static void put_word(struct words *w, uint64_t v)
{
	w->word[w->n++] = v;
	if (w->n == ARRAY_SIZE(w->word))
		flush_words(w);
}

/* Pointers to the next @n strings upwards from @at, and NULL; returns where the string after them
 * is.  *@i counts down in x->len. */
static uintptr_t put_pointers(struct words *w, const struct exec *x, size_t n, uintptr_t at,
			      size_t *i)
{
	while (n--) {
		put_word(w, at);
		at += x->len[--*i];
	}
	put_word(w, 0);
	return at;
}

/* In Linux's order; and a copy that no program can change, for /proc/PID/auxv. */
static void put_auxv(struct words *w, const struct exec *x, const struct exec_file *exe,
		     uintptr_t bias, uintptr_t interp, const uintptr_t at[3])
{
	const struct elf_image *elf = &exe->elf;
	const struct cred *c = x->cred;
	struct mm *mm = x->mm;
	const struct auxv aux[NR_AUX] = {
		{ AT_SYSINFO_EHDR, mm->vdso },
		{ AT_MINSIGSTKSZ, MINSIGSTKSZ_NOW },
		{ AT_HWCAP, cpu_hwcap() },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, USER_HZ },
		{ AT_PHDR, elf->phdr_addr ? elf->phdr_addr + bias : 0 },
		{ AT_PHENT, ELF_PHDR_SIZE },
		{ AT_PHNUM, elf->phnum },
		{ AT_BASE, interp },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, elf->entry + bias },
		{ AT_UID, c->uid },
		{ AT_EUID, c->euid },
		{ AT_GID, c->gid },
		{ AT_EGID, c->egid },
		{ AT_SECURE, x->secure },
		{ AT_RANDOM, at[0] },
		{ AT_HWCAP2, cpu_hwcap2() },
		{ AT_EXECFN, at[1] },
		{ AT_PLATFORM, at[2] },
		{ AT_NULL, 0 },
	};

	memcpy(mm->auxv, aux, sizeof(aux));
	for (size_t i = 0; i < NR_AUX; i++) {
		put_word(w, aux[i].a_type);
		put_word(w, aux[i].a_val);
	}
}

/* Everything below the strings; x->sp becomes the program's SP. */
static int finish_stack(struct exec *x, const struct exec_file *exe, uintptr_t bias,
			uintptr_t interp)
{
	static const char platform[] = "aarch64";
	struct mm *mm = x->mm;
	struct words w = { .mm = mm };
	uintptr_t p = ALIGN_DOWN(x->sp - (x->randomize ? x->random.align % 8192 : 0), 16);
	uintptr_t at[3] = { [1] = mm->stack_top - sizeof(uint64_t) - x->len[0] };
	size_t i = x->nr;
	int err;

	at[2] = p - sizeof(platform);
	at[0] = at[2] - sizeof(x->random.at_random);
	err = mm_write(mm, at[2], platform, sizeof(platform));
	if (!err)
		err = mm_write(mm, at[0], x->random.at_random, sizeof(x->random.at_random));
	if (err)
		return err;
	p = at[0] - (x->argc + x->envc + 3 + 2 * NR_AUX) * sizeof(uint64_t);
	p = ALIGN_DOWN(p, 16);
	w.at = p;
	put_word(&w, x->argc);
	mm->arg_start = x->sp;
	mm->arg_end = mm->env_start = put_pointers(&w, x, x->argc, x->sp, &i);
	mm->env_end = put_pointers(&w, x, x->envc, mm->env_start, &i);
	put_auxv(&w, x, exe, bias, interp, at);
	mm->start_stack = p;
	flush_words(&w);
	x->sp = p;
	return w.err;
}

/*
 * RLIMIT_STACK of the new program: where it has more rights than its caller, that one does not
 * choose what lies where.
 */
static uint64_t stack_limit_of(const struct exec *x)
{
	uint64_t limit = READ_ONCE(current->process->rlimit[RLIMIT_STACK].cur);

	return x->secure ? min(limit, STACK_USUAL) : limit;
}

static int set_stack_limit(struct exec *x, bool executable)
{
	struct mm *mm = x->mm;

	mm->stack_limit = stack_limit_of(x);
	if (!executable)
		return 0;
	return mm_protect(mm, mm->stack_top - STACK_FIRST, STACK_FIRST,
			  VM_READ | VM_WRITE | VM_EXEC, false);
}

int exec_load(struct exec *x, struct exec_file *exe, struct exec_file *interp,
	      struct exec_start *start)
{
	uintptr_t bias = 0, base = 0;
	int err;

	x->mm->mmap_top = mmap_top(x, stack_limit_of(x));
	err = map_program(x, exe, &bias);
	if (!err && interp)
		err = map_interp(x->mm, interp, &base);
	if (!err)
		err = vdso_map(x->mm);
	if (!err)
		err = finish_stack(x, exe, bias, base);
	if (!err)
		err = set_stack_limit(x, exe->elf.exec_stack);
	start->pc = interp ? interp->elf.entry + base : exe->elf.entry + bias;
	start->sp = x->sp;
	return err;
}

/* ---- the change ---- */

/*
 * The step after which others find the new program, and before which they find nothing of it.  The
 * files that it does not keep are closed by then, and its credentials come before its memory.
 */
static void change_program(struct exec *x)
{
	struct process *p = current->process;
	const struct cred *was = current_cred();
	unsigned long flags;
	struct mm *old;

	if (current->mm)
		task_end_in_mm();
	x->mm->dumpable = !x->hidden && was->euid == was->uid && was->egid == was->gid &&
			  !cred_is_another(x->cred);
	mutex_lock(&p->exec_lock);
	flags = spin_lock_irqsave(&proc_lock);
	p->exec_id++;
	p->exit_signal = SIGCHLD;
	spin_unlock_irqrestore(&proc_lock, flags);
	if (x->secure || cred_is_another(x->cred))
		task_mourn(0);
	cred_install(x->cred);
	old = task_change_mm(x->mm);
	mutex_unlock(&p->exec_lock);
	task_put_old_mm(old);
	x->cred = NULL;
	x->mm = NULL;
}

/* More rights than the caller has: what it chose for itself does not hold for the program. */
static void secure_process(const struct exec *x, struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	p->rlimit[RLIMIT_STACK].cur = stack_limit_of(x);
	spin_unlock_irqrestore(&proc_lock, flags);
}

void exec_commit(struct exec *x, const struct exec_start *start, const char *comm)
{
	struct trapframe *tf = task_frame(current);
	struct process *p = current->process;

	task_parts_exec(current);
	change_program(x);
	exec_abort(x);
	memset(tf->x, 0, sizeof(tf->x));
	tf->pc = start->pc;
	tf->sp = start->sp;
	tf->pstate = PSR_MODE_EL0t;
	WRITE_SYSREG(tpidr_el0, 0);
	fp_reset();
	posix_timers_end(p);
	signal_exec(current);
	p->execed = true;
	current->over_nproc = false;
	p->personality &= ~(x->setid ? PER_CLEAR_ON_SETID : READ_IMPLIES_EXEC);
	if (x->secure)
		secure_process(x, p);
	current->robust_list = 0;
	memset(current->comm, 0, sizeof(current->comm));
	strlcpy(current->comm, comm, sizeof(current->comm));
}
