/*
 * exec_args.c - see exec_args.h.
 *
 * The stack, from the top down, as Linux lays it out:
 * 	8 zero bytes, the file's name, the environment's strings, the arguments' strings,
 * 	a random gap, "aarch64", 16 random bytes, padding,
 * 	auxv, NULL, envp, NULL, argv, argc		<- SP, 16-byte aligned
 */
#include "task/exec_args.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/time.h"
#include "arm/idreg.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/giveway.h"
#include "mm/mmap.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/vdso.h"

#define STRING_MAX	UINT64_C(131072) /* of one string with its NUL: Linux's MAX_ARG_STRLEN */
#define SPARE		16 /* strings that #! lines may add, two each, and an empty argv[0] */
#define ARGS_MAX	(UINT64_C(6) << 20)   /* three quarters of the default stack limit */
#define ARGS_MIN	(UINT64_C(128) << 10) /* what there is room for however small the limit */
#define STACK_FIRST	(UINT64_C(132) << 10) /* of the stack's VMA; the rest grows by faults */
#define STACK_RANDOM	UINT64_C(0x3ffff)     /* pages */
/*
 * The stack's limit for a program with more rights than its caller, which could by the limit choose
 * what lies where.
 */
#define STACK_USUAL	(UINT64_C(8) << 20)
#define MMAP_RANDOM	UINT64_C(0x3ffff) /* pages */
/* Between mappings and the top: the stack's, and more if its limit is more. */
#define MMAP_GAP_MIN	(UINT64_C(128) << 20)
#define MMAP_GAP_MAX	(USER_TOP / 6 * 5)
#define MINSIGSTKSZ_NOW 4720 /* the frame of el1/signal.c, alignment included */

/* ---- the strings ---- */

/* Mappings go top down from below the room that the stack may want. */
static uintptr_t mmap_top(const struct exec *x, uint64_t stack_limit)
{
	uint64_t gap = stack_limit, pad = (STACK_RANDOM << PAGE_SHIFT) + (256 << PAGE_SHIFT);

	if (gap + pad > gap)
		gap += pad;
	gap = min(max(gap, MMAP_GAP_MIN), MMAP_GAP_MAX);
	return ALIGN_DOWN(USER_TOP - gap -
				  exec_random_pages(&x->random, x->random.mmap, MMAP_RANDOM),
			  PAGE_SIZE);
}

static int make_stack(struct exec *x, uint64_t stack_limit)
{
	struct mm *mm = x->mm;
	long at;

	mm->stack_top = USER_TOP - exec_random_pages(&x->random, x->random.stack, STACK_RANDOM);
	/*
	 * While the strings are put there; exec_load sets the real one.  No lock: no other task can
	 * find x->mm yet.
	 */
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

/* An empty address space with a stack; @strings: how many there will be at most at one time. */
static int begin_stack(struct exec *x, size_t strings)
{
	uint64_t stack_limit = READ_ONCE(current->process->rlimit[RLIMIT_STACK].rlim_cur);
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
	/* Below the eight zero bytes. */
	x->sp = x->mm->stack_top - sizeof(uint64_t);
	/* The pointers to the strings need their room too: strings stop above it. */
	x->floor = x->sp - (room - strings * sizeof(uint64_t));
	return 0;
}

static int make_room_on_stack(const struct exec *x, size_t size)
{
	return size > STRING_MAX || x->nr == x->cap || size > x->sp - x->floor ? -E2BIG : 0;
}

static void note_pushed(struct exec *x, size_t size)
{
	x->sp -= size;
	x->len[x->nr++] = (uint32_t)size;
}

int exec_push(struct exec *x, const char *s)
{
	size_t size = strlen(s) + 1;
	int err = make_room_on_stack(x, size);

	if (!err)
		/*
		 * Into the new address space, by its own faults: the old one is whole until the
		 * end.
		 */
		err = mm_write(x->mm, x->sp - size, s, size);
	if (!err)
		note_pushed(x, size);
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
		/* Another thread may have written over the NUL since the string was measured. */
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

	while (sum < STRING_MAX) {
		size_t most = min((size_t)PAGE_SIZE, STRING_MAX - sum);
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

static int push_user(struct exec *x, uptr s)
{
	long n = string_length(s);
	size_t size = (size_t)n + 1;
	int err;

	if (n < 0)
		return (int)n;
	err = make_room_on_stack(x, size);
	if (!err)
		err = copy_string(x, s, size);
	if (!err)
		note_pushed(x, size);
	return err;
}

void exec_pop(struct exec *x)
{
	x->sp += x->len[--x->nr];
}

/* The @i-th pointer: 0 and *p (null at the end), or -EFAULT. */
static int get_string(const struct exec_vector *v, size_t i, uptr *p)
{
	uint64_t va = 0;

	if (v->kernel)
		va = (uintptr_t)v->kernel[i];
	/*
	 * Each time anew from user memory: what counts is what is read when the string is copied.
	 */
	else if (!uptr_is_null(v->user) && get_user(va, uptr_add(v->user, i * sizeof(va))))
		return -EFAULT;
	*p = uptr_of(va);
	return 0;
}

/* How many strings there are; -E2BIG when they can't fit anyway, so that a vector without end has
 * one. */
static long count_strings(const struct exec_vector *v, size_t most)
{
	for (size_t n = 0;; n++) {
		uptr p;
		int err = get_string(v, n, &p);

		if (err)
			return err;
		if (uptr_is_null(p))
			return (long)n;
		if (n == most)
			return -E2BIG;
		if (n % 64 == 63 && give_way())
			return -EINTR;
	}
}

/* Pushes the @n strings of @v, the last one first.  Each pointer is looked at once from here on. */
static int push_strings(struct exec *x, const struct exec_vector *v, size_t n)
{
	while (n--) {
		uptr p;
		int err = get_string(v, n, &p);

		if (!err && v->kernel)
			err = exec_push(x, v->kernel[n]);
		else if (!err)
			err = push_user(x, p);
		if (!err)
			err = give_way();
		if (err)
			return err;
	}
	return 0;
}

int exec_begin(struct exec *x, const char *path, const struct exec_vector *argv,
	       const struct exec_vector *envp)
{
	size_t most = 6 << 20; /* more than any limit lets through */
	long argc = count_strings(argv, most / 8), envc;
	int err;

	/* Counted first, so that a vector without end is refused before anything is copied. */
	if (argc < 0)
		return (int)argc;
	envc = count_strings(envp, most / 8);
	if (envc < 0)
		return (int)envc;
	err = begin_stack(x, (size_t)(argc + envc) + SPARE);
	if (err)
		return err;
	err = exec_push(x, path);
	if (!err)
		err = push_strings(x, envp, (size_t)envc);
	if (!err)
		err = argc ? push_strings(x, argv, (size_t)argc) : exec_push(x, "");
	x->argc = argc ? (size_t)argc : 1; /* an empty vector gets an empty name */
	x->envc = (size_t)envc;
	return err;
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

/* ---- the initial stack ---- */

uint64_t exec_stack_limit(const struct exec *x)
{
	uint64_t limit = READ_ONCE(current->process->rlimit[RLIMIT_STACK].rlim_cur);

	return x->secure ? min(limit, STACK_USUAL) : limit;
}

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

	/* Before the program runs; it never changes again, so /proc reads it without a lock. */
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
	uintptr_t p = ALIGN_DOWN(x->sp - (x->random.on ? x->random.align % 8192 : 0), 16);
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

static int set_stack_limit(struct exec *x, bool executable)
{
	struct mm *mm = x->mm;

	mm->stack_limit = exec_stack_limit(x);
	if (!executable)
		return 0;
	return mm_protect(mm, mm->stack_top - STACK_FIRST, STACK_FIRST,
			  VM_READ | VM_WRITE | VM_EXEC, false);
}

int exec_load(struct exec *x, struct exec_file *exe, struct exec_file *interp)
{
	uintptr_t bias = 0, base = 0;
	int err;

	/*
	 * Before anything is mapped: the program lies where its own rights say, not its caller's
	 * limit.
	 */
	x->mm->mmap_top = mmap_top(x, exec_stack_limit(x));
	err = exec_map_program(x->mm, exe, &x->random, &bias);
	if (!err && interp)
		err = exec_map_interp(x->mm, interp, &base);
	if (!err)
		err = vdso_map(x->mm);
	if (!err)
		err = finish_stack(x, exe, bias, base);
	if (!err)
		err = set_stack_limit(x, exe->elf.exec_stack);
	x->pc = interp ? interp->elf.entry + base : exe->elf.entry + bias;
	return err;
}
