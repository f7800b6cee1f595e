/*
 * address_space.c - the address space: what fresh pages hold, copy on write, mmap's family and its
 * errors, exact partial counts.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/code.h"
#include "tests/el0/tap.h"

#define PAGE 4096UL
#define TOP  (1UL << 48)
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static uintptr_t map(size_t len, uint32_t prot)
{
	long p = svc_mmap(0, len, prot, ANON, -1, 0);

	expect(p > 0, "mmap of %lu bytes: %ld", len, p);
	return (uintptr_t)p;
}

static bool all_zero(uintptr_t p, size_t len)
{
	for (size_t i = 0; i < len; i += 8)
		if (*(uint64_t *)(p + i))
			return false;
	return true;
}

/*
 * 0: it can be accessed.  The kernel's answer to a 1-byte write(2) or read(2) is what tells,
 * without a signal.
 */
static int null_fd, zero_fd;

static bool readable(uintptr_t p)
{
	static int fds[2];
	char c;

	if (!fds[1])
		svc_pipe2(fds, 0);
	if (svc_write(fds[1], (void *)p, 1) != 1)
		return false;
	svc_read(fds[0], &c, 1);
	return true;
}

static bool writable(uintptr_t p)
{
	return svc_read(zero_fd, (void *)p, 1) == 1;
}

static void fresh_pages(void)
{
	uintptr_t p, brk;

	begin("fresh pages are zero: mmap, brk, stack, after others used them");
	for (int round = 0; round < 8; round++) {
		p = map(64 * PAGE, RW);
		expect(all_zero(p, 64 * PAGE), "mmap, round %d", round);
		memset((void *)p, 0x5a, 64 * PAGE);
		check(svc_munmap(p, 64 * PAGE), 0, "munmap");
	}
	brk = (uintptr_t)svc_brk(0);
	for (int round = 0; round < 8; round++) {
		check(svc_brk(brk + 16 * PAGE), (long)(brk + 16 * PAGE), "brk up");
		expect(all_zero((brk + PAGE - 1) & ~(PAGE - 1), 15 * PAGE), "brk, round %d", round);
		memset((void *)brk, 0x5a, 16 * PAGE);
		check(svc_brk(brk), (long)brk, "brk down");
	}
	p = (uintptr_t)__builtin_frame_address(0) - 32 * PAGE;
	expect(all_zero(p & ~(PAGE - 1), 16 * PAGE), "stack below what was used");
	end();
}

static uintptr_t shared_with_child;

static void child_writes(void)
{
	volatile uint64_t *w = (uint64_t *)shared_with_child;

	for (size_t i = 0; i < 16 * PAGE / 8; i += 512) {
		check((long)w[i], (long)i + 1, "the parent's value before");
		w[i] = 0xdead;
	}
	/* and by the kernel's hand */
	check(svc_read(zero_fd, (void *)(shared_with_child + 8), 3 * PAGE), 3 * PAGE,
	      "read into shared pages");
	check((long)w[0], 0xdead, "not more than asked for");
}

static void copy_on_write(void)
{
	uint64_t *w;

	begin("copy on write: neither sees what the other writes, by its own hand or the kernel's");
	shared_with_child = map(16 * PAGE, RW);
	w = (uint64_t *)shared_with_child;
	for (size_t i = 0; i < 16 * PAGE / 8; i++)
		w[i] = i + 1;
	for (int round = 0; round < 5; round++)
		check_child(child_writes, 0, "child %d", round);
	for (size_t i = 0; i < 16 * PAGE / 8; i++)
		check((long)w[i], (long)i + 1, "word %lu", i);
	svc_munmap(shared_with_child, 16 * PAGE);
	end();
}

static void shared_mapping(void)
{
	uintptr_t p = (uintptr_t)svc_mmap(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *w = (uint64_t *)p;
	int pid, status;

	begin("MAP_SHARED | MAP_ANONYMOUS is shared with a child");
	expect((long)p > 0, "mmap: %ld", (long)p);
	w[0] = 1;
	pid = fork();
	if (pid == 0) {
		w[0] = 2;
		exit(0);
	}
	waitpid(pid, &status, 0);
	check((long)w[0], 2, "the child's write");
	end();
}

static void mmap_errors(void)
{
	int fd = open("map-file", O_RDWR | O_CREAT | O_TRUNC, 0600),
	    ro = open("map-file", O_RDONLY, 0), wo = open("map-file", O_WRONLY, 0);

	begin("mmap's errors");
	check(svc_mmap(0, 0, RW, ANON, -1, 0), -EINVAL, "length 0");
	check(svc_mmap(0, SIZE_MAX, RW, ANON, -1, 0), -ENOMEM, "length 2^64 - 1");
	check(svc_mmap(0, SIZE_MAX - PAGE, RW, ANON, -1, 0), -ENOMEM, "length 2^64 - 1 - 4096");
	check(svc_mmap(0, TOP, RW, ANON, -1, 0), -ENOMEM, "length 2^48");
	check(svc_mmap(0, 1UL << 63, RW, ANON, -1, 0), -ENOMEM, "length 2^63");
	check(svc_mmap(0, PAGE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL, "neither shared nor private");
	check(svc_mmap(0, PAGE, RW, MAP_PRIVATE, -1, 0), -EBADF, "no such descriptor");
	check(svc_mmap(0, PAGE, RW, MAP_PRIVATE, fd, 1), -EINVAL, "offset 1");
	check(svc_mmap(0, PAGE, RW, MAP_PRIVATE, fd, INT64_MIN), -EOVERFLOW, "offset -2^63");
	check(svc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), -EACCES,
	      "a file open for writing only");
	check(svc_mmap(0, PAGE, RW, MAP_SHARED, ro, 0), -EACCES,
	      "writable and shared, of a file open for reading");
	check(svc_mmap(1, PAGE, RW, ANON | MAP_FIXED, -1, 0), -EINVAL, "MAP_FIXED at 1");
	check(svc_mmap(TOP, PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM, "MAP_FIXED at 2^48");
	check(svc_mmap(TOP - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM,
	      "MAP_FIXED across 2^48");
	check(svc_mmap(-PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM,
	      "MAP_FIXED on the last page");
	check(svc_mmap(-PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM,
	      "MAP_FIXED that wraps");
	check(svc_mmap(0xffff000000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), -ENOMEM,
	      "MAP_FIXED on the kernel");
	svc_close(fd);
	svc_close(ro);
	svc_close(wo);
	end();
}

static void fixed(void)
{
	uintptr_t p = map(8 * PAGE, RW);

	begin("MAP_FIXED replaces, MAP_FIXED_NOREPLACE does not, a hint is only a hint");
	*(uint64_t *)(p + PAGE) = 42;
	*(uint64_t *)(p + 2 * PAGE) = 43;
	check(svc_mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0), (long)(p + PAGE), "MAP_FIXED");
	check(*(long *)(p + PAGE), 0, "the replaced page");
	check(*(long *)(p + 2 * PAGE), 43, "its neighbour");
	check(svc_mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST,
	      "MAP_FIXED_NOREPLACE on a mapping");
	svc_munmap(p + 4 * PAGE, PAGE);
	check(svc_mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
	      (long)(p + 4 * PAGE), "MAP_FIXED_NOREPLACE in a hole");
	expect(svc_mmap(p, PAGE, RW, ANON, -1, 0) != (long)p,
	       "a hint at a mapping must not replace it");
	expect(svc_mmap(0xffff000000000000, PAGE, RW, ANON, -1, 0) > 0,
	       "a hint in the kernel is passed over");
	svc_munmap(p, 8 * PAGE);
	end();
}

static void unmapping(void)
{
	uintptr_t p = map(8 * PAGE, RW);

	begin("munmap and mprotect: pieces, errors");
	check(svc_munmap(p + 1, PAGE), -EINVAL, "munmap, not aligned");
	check(svc_munmap(p, 0), -EINVAL, "munmap, length 0");
	check(svc_munmap(p, SIZE_MAX), -EINVAL, "munmap, length 2^64 - 1");
	check(svc_munmap(TOP, PAGE), -EINVAL, "munmap at 2^48");
	check(svc_munmap(-PAGE, PAGE), -EINVAL, "munmap of the last page");
	check(svc_munmap(0xffff000000000000, PAGE), -EINVAL, "munmap of the kernel");
	memset((void *)p, 1, 8 * PAGE);
	check(svc_munmap(p + 2 * PAGE, PAGE), 0, "a page in the middle");
	check(svc_munmap(p + 2 * PAGE, PAGE), 0, "what is not mapped");
	expect(!readable(p + 2 * PAGE), "it is gone");
	expect(readable(p + 2 * PAGE - 1) && readable(p + 3 * PAGE), "the neighbours are there");

	check(svc_mprotect(p + 1, PAGE, PROT_READ), -EINVAL, "mprotect, not aligned");
	check(svc_mprotect(p, 0, PROT_READ), 0, "mprotect, length 0");
	check(svc_mprotect(p, 8 * PAGE, PROT_READ), -ENOMEM, "mprotect over a hole");
	check(svc_mprotect(p + 4 * PAGE, PAGE, PROT_READ), 0, "mprotect of a page");
	expect(readable(p + 4 * PAGE) && !writable(p + 4 * PAGE), "it is read-only");
	expect(writable(p + 5 * PAGE) && writable(p + 4 * PAGE - 1), "the neighbours are not");
	check(svc_mprotect(p + 4 * PAGE, PAGE, PROT_NONE), 0, "PROT_NONE");
	expect(!readable(p + 4 * PAGE), "it cannot be read");
	check(svc_mprotect(p + 4 * PAGE, PAGE, RW), 0, "and back");
	check(*(char *)(p + 4 * PAGE), 1, "its contents");
	check(svc_mprotect(p, -PAGE, PROT_READ), -ENOMEM, "mprotect, length -4096");
	check(svc_mprotect(TOP, PAGE, PROT_READ), -ENOMEM, "mprotect at 2^48");
	check(svc_mprotect(p + 4 * PAGE, PAGE, 0x100), -EINVAL, "mprotect, unknown protection");
	svc_munmap(p, 8 * PAGE);
	end();
}

static void breaks(void)
{
	uintptr_t brk = (uintptr_t)svc_brk(0);

	begin("brk: what cannot be is not done, and says where the break is");
	check(svc_brk(0), (long)brk, "0");
	check(svc_brk(1), (long)brk, "1");
	check(svc_brk(TOP), (long)brk, "2^48");
	check(svc_brk(UINTPTR_MAX), (long)brk, "2^64 - 1");
	check(svc_brk(0xffff000000000000), (long)brk, "the kernel");
	check(svc_brk((uintptr_t)&brk), (long)brk, "the stack");
	check(svc_brk(brk + 1), (long)brk + 1, "one byte up");
	expect(writable(brk), "that byte");
	check(svc_brk(brk), (long)brk, "one byte down");
	end();
}

static void remapping(void)
{
	uintptr_t p = map(4 * PAGE, RW), q;

	begin("mremap");
	strcpy((char *)p, "here");
	check(svc_mremap(p + 1, PAGE, PAGE, 0, 0), -EINVAL, "not aligned");
	check(svc_mremap(p, PAGE, 0, 0, 0), -EINVAL, "new length 0");
	check(svc_mremap(p, 4 * PAGE, 2 * PAGE, 0, 0), (long)p, "shrink");
	expect(!readable(p + 2 * PAGE), "the rest is gone");
	q = (uintptr_t)svc_mremap(p, 2 * PAGE, 512 * PAGE, MREMAP_MAYMOVE, 0);
	expect((long)q > 0, "grow: %ld", (long)q);
	if ((long)q > 0) {
		check(strcmp((char *)q, "here"), 0, "contents");
		expect(all_zero(q + 2 * PAGE, 510 * PAGE), "the new pages are zero");
		if (q != p)
			expect(!readable(p), "the old place is gone");
		check(svc_mremap(q, 512 * PAGE, PAGE, MREMAP_FIXED, 0), -EINVAL,
		      "MREMAP_FIXED alone");
		check(svc_mremap(q, 512 * PAGE, 512 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE,
				 q + PAGE),
		      -EINVAL, "onto itself");
		check(svc_mremap(q, 512 * PAGE, SIZE_MAX - PAGE, MREMAP_MAYMOVE, 0), -ENOMEM,
		      "to 2^64 - 8192 bytes");
		svc_munmap(q, 512 * PAGE);
	}
	check(svc_mremap(0x10000, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT,
	      "of what is not mapped");
	end();
}

static void advice(void)
{
	uintptr_t p = map(4 * PAGE, RW);

	begin("madvise: MADV_DONTNEED gives zero pages; errors");
	memset((void *)p, 0x5a, 4 * PAGE);
	check(svc_madvise(p + PAGE, PAGE, MADV_DONTNEED), 0, "MADV_DONTNEED");
	expect(all_zero(p + PAGE, PAGE), "the page");
	check(*(unsigned char *)p, 0x5a, "its neighbour");
	check(svc_madvise(p, PAGE, MADV_WILLNEED), 0, "MADV_WILLNEED");
	check(svc_madvise(p + 1, PAGE, MADV_NORMAL), -EINVAL, "not aligned");
	check(svc_madvise(p, PAGE, 12345), -EINVAL, "unknown advice");
	svc_munmap(p + 2 * PAGE, PAGE);
	check(svc_madvise(p, 4 * PAGE, MADV_DONTNEED), -ENOMEM, "over a hole");
	svc_munmap(p, 4 * PAGE);
	end();
}

/*
 * A buffer that ends at a missing, a forbidden or (for writing) a read-only page: the count is
 * exact where Linux's is.
 */
static void partial_counts(void)
{
	uintptr_t p = map(4 * PAGE, RW);
	int fd = open("partial", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int fds[2];
	long n;

	begin("partial counts at the edge of a buffer");
	svc_munmap(p + 2 * PAGE, PAGE);
	memset((void *)p, 'x', 2 * PAGE);
	for (size_t before = 1; before <= 33; before += 4) {
		uintptr_t at = p + 2 * PAGE - before;

		svc_ftruncate(fd, 0);
		n = svc_pwrite64(fd, (void *)at, 4096, 0);
		check_one_of(n, (long)before, -EFAULT, "write of %lu good bytes to a file", before);
		check(svc_lseek(fd, 0, SEEK_END), n > 0 ? n : 0, "the file's size");
		svc_ftruncate(fd, 4096);
		n = svc_pread64(fd, (void *)at, 4096, 0);
		check_one_of(n, (long)before, -EFAULT, "read of a file into %lu good bytes",
			     before);
		n = svc_read(zero_fd, (void *)at, 4096);
		expect(n > 0 || before < 8, "read of /dev/zero into %lu good bytes: %ld", before,
		       n);
		expect(n <= (long)before, "it wrote %ld bytes into %lu", n, before);
	}
	svc_pipe2(fds, O_NONBLOCK);
	n = svc_write(fds[1], (void *)(p + PAGE), 2 * PAGE);
	check_one_of(n, PAGE, -EFAULT, "write of one good page of two to a pipe");
	while (svc_read(fds[0], (void *)p, PAGE) > 0)
		;
	svc_write(fds[1], (void *)p, 100);
	n = svc_read(fds[0], (void *)(p + 2 * PAGE - 50), 100);
	check_one_of(n, 50, -EFAULT, "read of a pipe into 50 good bytes");
	end();
}

static uintptr_t code_page;

static void run_code(void)
{
	((void (*)(void))code_page)();
}

static void execution(void)
{
	int fd;

	begin("execution only where PROT_EXEC says so");
	code_page = map(PAGE, RW);
	*(uint32_t *)code_page = INSN_RET;
	sync_code((void *)code_page, 4);
	check_child(run_code, SIGSEGV, "PROT_READ | PROT_WRITE");
	check(svc_mprotect(code_page, PAGE, PROT_READ | PROT_EXEC), 0, "mprotect");
	check_child(run_code, 0, "PROT_READ | PROT_EXEC");
	expect(!writable(code_page), "not writable any more");
	check(svc_mprotect(code_page, PAGE, RW), 0, "mprotect");
	check_child(run_code, SIGSEGV, "PROT_EXEC taken away");
	check(svc_mprotect(code_page, PAGE, PROT_NONE), 0, "mprotect");
	check_child(run_code, SIGSEGV, "PROT_NONE");

	fd = open("code", O_RDWR | O_CREAT | O_TRUNC, 0700);
	svc_write(fd, &(uint32_t){ INSN_RET }, 4);
	code_page = (uintptr_t)svc_mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	check_child(run_code, SIGSEGV, "a file mapped without PROT_EXEC");
	code_page = (uintptr_t)svc_mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	check_child(run_code, 0, "a file mapped with it");
	svc_close(fd);
	end();
}

static uintptr_t file_map;

static void touch_behind_end(void)
{
	(void)*(volatile char *)(file_map + 2 * PAGE);
}

static void file_mappings(void)
{
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char text[8] = "";

	begin("file mappings: contents, private writes, zeros behind the end, SIGBUS behind the "
	      "last page");
	svc_write(fd, "contents", 8);
	svc_ftruncate(fd, PAGE + 10);
	file_map = (uintptr_t)svc_mmap(0, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	check(memcmp((void *)file_map, "contents", 8), 0, "contents");
	expect(all_zero(file_map + PAGE + 16, PAGE - 16), "zeros behind the end");
	*(char *)file_map = 'C';
	svc_pread64(fd, text, 8, 0);
	check(memcmp(text, "contents", 8), 0, "the file is as it was");
	check_child(touch_behind_end, SIGBUS, "behind the last page");
	check(svc_write(null_fd, (void *)(file_map + 2 * PAGE), 1), 1, "/dev/null does not look");
	expect(!readable(file_map + 2 * PAGE), "the kernel's own access gives EFAULT");
	svc_munmap(file_map, 4 * PAGE);
	svc_close(fd);
	end();
}

static void unmap_own_stack(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1);

	svc_munmap(sp - 64 * PAGE, 128 * PAGE);
	exit(0);
}

static void unmap_own_code(void)
{
	svc_munmap((uintptr_t)unmap_own_code & ~(PAGE - 1), PAGE);
	svc_munmap((uintptr_t)svc_munmap & ~(PAGE - 1), PAGE);
}

static void unmap_everything(void)
{
	register uint64_t x0 __asm__("x0") = 0, x1 __asm__("x1") = TOP - PAGE,
			     x8 __asm__("x8") = NR_munmap;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
	__builtin_trap();
}

static void ground_taken_away(void)
{
	begin("the ground taken away under a running program: SIGSEGV");
	check_child(unmap_own_stack, SIGSEGV, "its stack");
	check_child(unmap_own_code, SIGSEGV, "its code");
	check_child(unmap_everything, SIGSEGV, "everything");
	end();
}

__attribute__((noinline)) static uint64_t *big_frame(uint64_t *out)
{
	char frame[1 << 20];

	frame[0] = 1;
	__asm__ volatile("" : : "r"(frame) : "memory");
	*out = (uint64_t)frame;
	return out;
}

static void jump_the_guard(void)
{
	struct rlimit64 limit = { 128 << 10, 128 << 10 };
	uint64_t where;

	svc_prlimit64(0, RLIMIT_STACK, &limit, NULL);
	big_frame(&where);
}

static void grow_stack(void)
{
	uint64_t where;

	big_frame(&where);
}

static void stack_growth(void)
{
	begin("the stack grows as far as its limit");
	check_child(grow_stack, 0, "by a megabyte at once");
	check_child(jump_the_guard, SIGSEGV, "a megabyte beyond a limit of 128 KiB");
	end();
}

/* One byte in each 2 MiB of a great many: page tables for nearly nothing. */
static void sparse(void)
{
	uintptr_t p = (uintptr_t)svc_mmap(0, 8UL << 30, RW, ANON | MAP_NORESERVE, -1, 0);

	begin("8 GiB mapped, a byte touched in each 16 MiB");
	expect((long)p > 0, "mmap: %ld", (long)p);
	for (size_t at = 0; (long)p > 0 && at < 8UL << 30; at += 16 << 20) {
		check(*(char *)(p + at), 0, "at %#lx", at);
		*(char *)(p + at) = 1;
	}
	check(svc_munmap(p, 8UL << 30), 0, "munmap");
	end();
}

int main(void)
{
	null_fd = open("/dev/null", O_WRONLY, 0);
	zero_fd = open("/dev/zero", O_RDONLY, 0);
	fresh_pages();
	copy_on_write();
	shared_mapping();
	mmap_errors();
	fixed();
	unmapping();
	breaks();
	remapping();
	advice();
	partial_counts();
	execution();
	file_mappings();
	ground_taken_away();
	stack_growth();
	sparse();
	return tap_done();
}
