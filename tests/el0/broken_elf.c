/*
 * broken_elf.c - execve(2) of broken ELF files: a good one in which one field at a time gets every
 * interesting value.
 *
 * What Linux makes of each is recorded in broken_elf.def: an errno, the program's exit status, or
 * a death.  A file that Linux starts to load and then gives up killed the caller there; Newel may
 * as well say the errno, because it still can. ELF_RECORD=1 in the environment prints the outcomes
 * in the form of that header.
 */
#include "abi/auxv.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

#define TEXT_VA 0x400000UL
#define DATA_VA 0x411000UL
#define PAGE	4096UL

/* The whole file: page 0 is text, page 1 is data; a third of bss follows in memory. */
struct image {
	struct ehdr e;
	struct phdr ph[3];
	uint32_t code[16];
	uint8_t pad[PAGE - sizeof(struct ehdr) - 3 * sizeof(struct phdr) - 64];
	uint64_t data[PAGE / 8];
};

_Static_assert(sizeof(struct image) == 2 * PAGE, "struct image");

static const struct image good = {
	.e = {
		.ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
		.type = 2, /* ET_EXEC */
		.machine = 183, /* EM_AARCH64 */
		.version = 1,
		.entry = TEXT_VA + __builtin_offsetof(struct image, code),
		.phoff = sizeof(struct ehdr),
		.ehsize = sizeof(struct ehdr),
		.phentsize = sizeof(struct phdr),
		.phnum = 3,
	},
	.ph = {
		{ 1, 5, 0, TEXT_VA, TEXT_VA, PAGE, PAGE, PAGE },
		{ 1, 6, PAGE, DATA_VA, DATA_VA, PAGE, 2 * PAGE, PAGE },
		{ 0x6474e551, 6, 0, 0, 0, 0, 0, 16 }, /* PT_GNU_STACK */
	},
	.code = {
		0xd2820001, /* mov  x1, #0x1000 */
		0xf2a00821, /* movk x1, #0x41, lsl #16: DATA_VA */
		0xf9400020, /* ldr  x0, [x1] */
		0xf9480022, /* ldr  x2, [x1, #0x1000]: bss */
		0x8b020000, /* add  x0, x0, x2 */
		0xd2800ba8, /* mov  x8, #93: exit */
		0xd4000001, /* svc  #0 */
	},
	.data = { 42 },
};

#define KILLED 0x100 /* outcome: ended by some signal */

/* Write @size bytes of @img to a file and execute it: -errno, exit status, or KILLED. */
static long try_image(const void *img, size_t size)
{
	int status, pid, fd;

	/* A new file each time: nothing of the last one can remain. */
	svc_unlinkat(AT_FDCWD, "elf-image", 0);
	fd = open("elf-image", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (write_all(fd, img, size))
		return -EIO;
	svc_close(fd);
	pid = (int)svc_clone(SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		char *argv[] = { (char *)"elf-image", NULL };
		long err = svc_execve("elf-image", argv, argv + 1);

		svc_exit_group(128 + (int)-err); /* all of exec's errors are below 128 */
	}
	if (waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	if (!WIFEXITED(status))
		return KILLED;
	return WEXITSTATUS(status) >= 128 ? 128 - WEXITSTATUS(status) : WEXITSTATUS(status);
}

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
#define E(f)                                                                     \
	{                                                                        \
		"e_" #f, __builtin_offsetof(struct image, e.f), sizeof(good.e.f) \
	}
#define P(i, f)                                                                                \
	{                                                                                      \
		"p" #i "_" #f, __builtin_offsetof(struct image, ph[i].f), sizeof(good.ph[i].f) \
	}
#define PH(i)                                                                          \
	P(i, type), P(i, flags), P(i, offset), P(i, vaddr), P(i, paddr), P(i, filesz), \
		P(i, memsz), P(i, align)
	{ "ident0", 0, 1 },
	{ "ident3", 3, 1 },
	{ "class", 4, 1 },
	{ "data", 5, 1 },
	{ "iversion", 6, 1 },
	{ "osabi", 7, 1 },
	E(type),
	E(machine),
	E(version),
	E(entry),
	E(phoff),
	E(shoff),
	E(flags),
	E(ehsize),
	E(phentsize),
	E(phnum),
	E(shentsize),
	E(shnum),
	E(shstrndx),
	PH(0),
	PH(1),
	PH(2),
};

static const uint64_t values[] = {
	0,
	1,
	2,
	3,
	4,
	7,
	8,
	40,
	56,
	57,
	63,
	64,
	0xb7,
	0xff,
	0xfff,
	0x1000,
	0x1001,
	0x1fff,
	0x2000,
	0x2001,
	0xffff,
	0x10000,
	TEXT_VA - PAGE,
	TEXT_VA,
	TEXT_VA + 4,
	TEXT_VA + 240,
	TEXT_VA + PAGE,
	DATA_VA,
	DATA_VA + 1,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	1UL << 47,
	(1UL << 48) - 2 * PAGE,
	(1UL << 48) - PAGE,
	1UL << 48,
	0x7fffffffffffffff,
	1UL << 63,
	0xffff000000000000,
	-2 * PAGE,
	-PAGE,
	-8UL,
	-1UL,
};

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Rows of fields, columns of values: what Linux 6.12 said.  NA: the value does not fit the field,
 * or is the good one.
 */
#define NA	       0x200
#define DIFF	       0x300 /* Linux answers now this, now that */
static const int16_t expected[ARRAY_COUNT(fields)][ARRAY_COUNT(values)] = {
#include "tests/el0/broken_elf.def"
};

/* The good image with one field set; false if that is no mutation. */
static bool mutate(struct image *img, size_t field, uint64_t value)
{
	size_t size = fields[field].size;
	char *at = (char *)img + fields[field].offset;

	if (size < 8 && value >> (8 * size))
		return false;
	*img = good;
	if (memcmp(at, &value, size) == 0)
		return false;
	memcpy(at, &value, size);
	return true;
}

/*
 * Whether this core keeps EL0 from reading what it may only execute: with FEAT_PAN3 Linux maps PF_X
 * alone so, without it PF_X may be read as well, which is what broken_elf.def was recorded with.
 */
static bool exec_only;

static void find_exec_only(void)
{
	long page = svc_mmap(0, PAGE, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pid = fork(), status = 0;

	if (pid == 0)
		exit(*(volatile char *)(uintptr_t)page);
	exec_only = waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
	svc_munmap((uintptr_t)page, PAGE);
}

static void check_outcome(size_t f, size_t v, long got)
{
	long want = expected[f][v];

	if (exec_only && !strcmp(fields[f].name, "p1_flags") && (values[v] & 7) == 1)
		want = KILLED; /* the program reads its data */

	if (want == DIFF || (want == KILLED && got < 0))
		return;
	check(got, want, "%s = %#lx", fields[f].name, values[v]);
}

static void mutations(bool record)
{
	static struct image img;

	find_exec_only();
	for (size_t f = 0; f < ARRAY_COUNT(fields); f++) {
		begin("%s: %lu values", fields[f].name, ARRAY_COUNT(values));
		if (record)
			printf("ELF\t/* %s */ {", fields[f].name);
		for (size_t v = 0; v < ARRAY_COUNT(values); v++) {
			long got = mutate(&img, f, values[v]) ? try_image(&img, sizeof(img)) : NA;

			if (record)
				printf(" %ld,", got);
			else
				check_outcome(f, v, got);
		}
		if (record)
			printf(" },\n");
		end();
	}
}

static void truncations(void)
{
	static const struct {
		size_t size;
		long want;
	} sizes[] = {
		{ 0, -ENOEXEC },  { 1, -ENOEXEC },  { 4, -ENOEXEC },   { 16, -ENOEXEC },
		{ 63, -ENOEXEC }, { 64, -ENOEXEC }, { 119, -ENOEXEC }, { 231, -ENOEXEC },
		{ 4097, 42 },	  { 8192, 42 },
	};

	begin("truncated files");
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		long got = try_image(&good, sizes[i].size);

		check_one_of(got, sizes[i].want,
			     sizes[i].size < 64	   ? -ENOEXEC
			     : sizes[i].size < 232 ? -EIO
						   : 42,
			     "%lu bytes", sizes[i].size);
	}
	/* behind the end of the file there is no page: the load or the first access fails */
	check(try_image(&good, 4096), KILLED, "without its data");
	end();
}

static void interpreters(void)
{
	static struct image img;
	static const struct {
		const char *path;
		size_t filesz;
		long want;
	} cases[] = {
		{ "/nonexistent", 13, -ENOENT },
		{ "/bin/hello", 10, -ENOEXEC },
		{ "x", 1, -ENOEXEC },
		{ "", 0, -ENOEXEC },
		{ "/tmp", 5, -EACCES },
		{ "x", 4097, -ENOEXEC },
		{ "x", 1UL << 63, -ENOEXEC },
		{ "/dev/null", 10, -EACCES },
	};

	begin("PT_INTERP: missing, unterminated, empty, a directory, too long");
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		long got;

		img = good;
		img.ph[2] = (struct phdr){ 3, 4, 2048, 0, 0, cases[i].filesz, cases[i].filesz, 1 };
		strcpy((char *)&img + 2048, cases[i].path);
		got = try_image(&img, sizeof(img));
		check(got, cases[i].want, "\"%s\", %lu bytes", cases[i].path, cases[i].filesz);
	}
	end();
}

int main(void)
{
	begin("the good one");
	check(try_image(&good, sizeof(good)), 42, "exit status");
	end();
	mutations(getenv("ELF_RECORD") != NULL);
	truncations();
	interpreters();
	return tap_done();
}
