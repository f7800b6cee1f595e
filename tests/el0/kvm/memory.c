/*
 * memory.c - a machine's memory: its slots and what may be done to them, pages that come when a
 * guest touches them and go when the host takes them, read-only slots, the dirty log.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define KIB4 4096ul
#define HIGH 0x100000000ul /* where the second slot is */

#ifndef KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE
#define KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE 1
#endif

/* clang-format off */
GUEST(loads, "ldr x2, [x1]\n" DONE);
GUEST(stores, "str x2, [x1]\n" DONE);
GUEST(adds, "mov x3, x2\n 1: ldr x4, [x1]\n add x4, x4, #1\n str x4, [x1]\n add x1, x1, #4096\n subs x3, x3, #1\n b.ne 1b\n" DONE);
GUEST(loops, "1: ldr x2, [x1]\n str x2, [x1, #8]\n b 1b\n");
GUEST(jumps, "br x1\n");
GUEST(says_done, DONE);
/* clang-format on */

static long load_from(struct guest *g, uint64_t at)
{
	guest_load(g, 0, loads);
	SET_X(g, 1, at);
	return guest_run(g);
}

static long store_to(struct guest *g, uint64_t at, uint64_t value)
{
	guest_load(g, 0, stores);
	SET_X(g, 1, at);
	SET_X(g, 2, value);
	return guest_run(g);
}

static long slot2(int vm, unsigned int slot, unsigned int flags, uint64_t gpa, uint64_t size,
		  void *at)
{
	struct kvm_userspace_memory_region2 r = { slot, flags, gpa, size, (uintptr_t)at };

	return sys(ioctl, vm, KVM_SET_USER_MEMORY_REGION2, &r);
}

static void slot_errors(void)
{
	struct guest g;
	char *p = pages(16 * KIB4);

	begin("ioctl: KVM_SET_USER_MEMORY_REGION: errors");
	guest_make(&g, 0, 0);
	check(set_slot(g.vm, 1, 0, HIGH, 100, p), -EINVAL, "a size that is no pages");
	check(set_slot(g.vm, 1, 0, HIGH + 8, KIB4, p), -EINVAL, "an address that is no page's");
	check(set_slot(g.vm, 1, 0, HIGH, KIB4, p + 8), -EINVAL, "memory that is no page's");
	check(set_slot(g.vm, 1, 0, HIGH, 0, p), -EINVAL, "no size, and no such slot");
	check(set_slot(g.vm, 1, 4, HIGH, KIB4, p), -EINVAL, "an unknown flag");
	check(set_slot(g.vm, 1, 1u << 31, HIGH, KIB4, p), -EINVAL, "another");
	check(set_slot(g.vm, 32767, 0, HIGH, KIB4, p), -EINVAL, "slot 32767");
	check(set_slot(g.vm, 0x10000, 0, HIGH, KIB4, p), -EINVAL,
	      "a slot of a second address space");
	check(set_slot(g.vm, ~0u, 0, HIGH, KIB4, p), -EINVAL, "the last slot");
	check(set_slot(g.vm, 1, 0, -KIB4, 2 * KIB4, p), -EINVAL, "addresses that wrap");
	check(set_slot(g.vm, 1, 0, 1ul << 40, KIB4, p), -EFAULT, "past the machine's 40 bits");
	check(set_slot(g.vm, 1, 0, (1ul << 40) - KIB4, 2 * KIB4, p), -EFAULT,
	      "half of it past them");
	check(set_slot(g.vm, 1, 0, HIGH, KIB4, (void *)0xffff800000000000), -EINVAL,
	      "the kernel's memory");
	check(set_slot(g.vm, 1, 0, HIGH, KIB4, (void *)(1ul << 52)), -EINVAL,
	      "memory past the kernel's");
	check(set_slot(g.vm, 1, 0, HIGH, KIB4, (void *)-KIB4), -EINVAL, "the last page there is");
	check(set_slot(g.vm, 1, 0, HIGH, KIB4, (void *)((uintptr_t)p | 1ul << 56)), -EINVAL,
	      "a tagged address");
	check(set_slot(g.vm, 1, 0, 0, 1ul << 62, p), -EINVAL, "very much");
	check(set_slot(g.vm, 1, 0, 0, 1ul << 43, NULL), -EINVAL, "2^31 pages");
	/* What overlaps the RAM of guest_make(). */
	check(set_slot(g.vm, 1, 0, RAM, KIB4, p), -EEXIST, "its first page again");
	check(set_slot(g.vm, 1, 0, RAM + RAM_SIZE - KIB4, 2 * KIB4, p), -EEXIST,
	      "its last page again");
	check(set_slot(g.vm, 1, 0, RAM - KIB4, 2 * KIB4, p), -EEXIST, "from before it");
	check(set_slot(g.vm, 1, 0, RAM - KIB4, RAM_SIZE + 2 * KIB4, p), -EEXIST, "around it");
	/* A slot that is there. */
	check(set_slot(g.vm, 1, 0, HIGH, 4 * KIB4, p), 0, "a slot");
	check(set_slot(g.vm, 1, 0, HIGH, 4 * KIB4, p), 0, "the same again");
	check(set_slot(g.vm, 1, 0, HIGH, 8 * KIB4, p), -EINVAL, "another size");
	check(set_slot(g.vm, 1, 0, HIGH, 4 * KIB4, p + KIB4), -EINVAL, "other memory");
	check(set_slot(g.vm, 1, KVM_MEM_READONLY, HIGH, 4 * KIB4, p), -EINVAL, "read-only now");
	check(set_slot(g.vm, 1, 0, HIGH + KIB4, 4 * KIB4, p), 0, "another address");
	check(set_slot(g.vm, 1, 0, RAM, 4 * KIB4, p), -EEXIST, "an address that is taken");
	check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, HIGH + KIB4, 4 * KIB4, p), 0,
	      "with a log now");
	check(set_slot(g.vm, 1, 0, HIGH + KIB4, 4 * KIB4, p), 0, "and without");
	check(set_slot(g.vm, 2, 0, HIGH, 4 * KIB4, p), -EEXIST, "a second one that overlaps");
	check(set_slot(g.vm, 2, 0, HIGH + 5 * KIB4, 4 * KIB4, p), 0,
	      "the same memory in two slots");
	check(set_slot(g.vm, 1, 0, 12345, 0, p + 1), -EINVAL, "is away with an odd address");
	check(set_slot(g.vm, 1, 0, 0, 0, NULL), 0, "is away");
	check(set_slot(g.vm, 1, 0, 0, 0, NULL), -EINVAL, "twice");
	check(set_slot(g.vm, 32766, 0, HIGH, KIB4, p), 0, "the last slot");
	check(set_slot(g.vm, 1, 0, 0x10000000, KIB4, (void *)0x10000), 0,
	      "memory that is not there");
	FAULTS(IN, sizeof(struct kvm_userspace_memory_region), ioctl, g.vm,
	       KVM_SET_USER_MEMORY_REGION, bad);
	check(slot2(g.vm, 3, 0, 0x20000000, KIB4, p), 0, "KVM_SET_USER_MEMORY_REGION2");
	check(slot2(g.vm, 4, 4, 0x30000000, KIB4, p), -EINVAL,
	      "with guest_memfd, which is another's");
	check(slot2(g.vm, 3, 0, 0x20000000, 0, p), 0, "is away");
	FAULTS(IN, sizeof(struct kvm_userspace_memory_region2), ioctl, g.vm,
	       KVM_SET_USER_MEMORY_REGION2, bad);
	guest_free(&g);
	munmap(p, 16 * KIB4);
	end();
}

/* ---- pages that come and go ---- */

static void pages_come(void)
{
	struct guest g;
	uint64_t *p = pages(64 * KIB4);

	begin("ioctl: KVM_RUN: memory comes when it is touched, and is the caller's");
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, 0, HIGH, 64 * KIB4, p), 0, "a slot");
	check(load_from(&g, HIGH), AT_DONE, "a load of what nobody touched");
	check(X(&g, 2), 0, "is zero");
	check(store_to(&g, HIGH + 8, 0x1234), AT_DONE, "a store");
	check((long)p[1], 0x1234, "is seen here");
	p[2] = 0x5678;
	check(load_from(&g, HIGH + 16), AT_DONE, "a load of what was written here");
	check(X(&g, 2), 0x5678, "sees it");
	guest_load(&g, 0, adds);
	SET_X(&g, 1, HIGH);
	SET_X(&g, 2, 64);
	check(guest_run(&g), AT_DONE, "64 pages");
	for (int i = 0; i < 64; i++)
		check((long)p[i * 512], 1, "page %d", i);
	/* What the host does to them shows in the guest. */
	check(madvise(p, 64 * KIB4, MADV_DONTNEED), 0, "madvise");
	check(load_from(&g, HIGH), AT_DONE, "a load after MADV_DONTNEED");
	check(X(&g, 2), 0, "is zero again");
	void *other = mmap(p, KIB4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			   -1, 0);

	check(other == p, 1, "mmap over it");
	p[0] = 0x99;
	check(load_from(&g, HIGH), AT_DONE, "a load after that");
	check(X(&g, 2), 0x99, "sees what is there now");
	/* Copy on write: after fork this page is shared until one writes. */
	pid_t child = fork();

	if (child == 0) {
		usleep(50000);
		_exit(p[0] != 0x99);
	}
	check(store_to(&g, HIGH, 0xaa), AT_DONE, "a store after fork");
	check((long)p[0], 0xaa, "is seen here");
	int status = -1;

	waitpid(child, &status, 0);
	check(status, 0, "and not in the child");
	p[1] = 7;
	child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, &status, 0);
	p[1] = 8; /* may move the page elsewhere */
	check(load_from(&g, HIGH + 8), AT_DONE, "a load after that");
	check(X(&g, 2), 8, "sees what was written here");
	guest_free(&g);
	munmap(p, 64 * KIB4);
	end();
}

static void pages_refused(void)
{
	struct guest g;
	uint64_t *p = pages(16 * KIB4);
	int fd = (int)sys(memfd_create, "m", 0);

	begin("ioctl: KVM_RUN: memory that cannot be had is EFAULT");
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, 0, HIGH, 16 * KIB4, p), 0, "a slot");
	check(mprotect(p, KIB4, PROT_NONE), 0, "mprotect");
	check(load_from(&g, HIGH), -EFAULT, "a load from a page for nothing");
	check((long)reg(g.cpu[0], PC_ID), RAM, "the PC is at it");
	check(mprotect(p, KIB4, PROT_READ), 0, "mprotect");
	check(guest_run(&g), AT_DONE, "goes on when it can be read");
	check(store_to(&g, HIGH, 1), -EFAULT, "a store to a page to read");
	check(mprotect(p, KIB4, PROT_READ | PROT_WRITE), 0, "mprotect");
	check(guest_run(&g), AT_DONE, "goes on when it can be written");
	check(munmap(p + 512, KIB4), 0, "munmap");
	check(load_from(&g, HIGH + KIB4), -EFAULT, "a load from what is unmapped");
	check(store_to(&g, HIGH + 2 * KIB4, 1), AT_DONE, "the next page is there");
	check(mprotect(p + 1024, KIB4, PROT_READ), 0,
	      "a page that the guest has written becomes one to read");
	check(store_to(&g, HIGH + 2 * KIB4, 1), -EFAULT, "a store to it");
	check(load_from(&g, HIGH + 2 * KIB4), AT_DONE, "a load from it");
	guest_load(&g, 0, jumps);
	SET_X(&g, 1, HIGH + KIB4);
	check(guest_run(&g), -EFAULT, "a fetch from what is unmapped");
	/* A file's pages, and what lies past its end. */
	check(ftruncate(fd, KIB4), 0, "ftruncate");
	uint64_t *f = mmap(NULL, 2 * KIB4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	check(set_slot(g.vm, 2, 0, 2 * HIGH, 2 * KIB4, f), 0, "a slot of a file");
	check(store_to(&g, 2 * HIGH, 0x77), AT_DONE, "a store into it");
	uint64_t v = 0;

	check(pread(fd, &v, 8, 0), 8, "pread");
	check((long)v, 0x77, "is in the file");
	check(load_from(&g, 2 * HIGH + KIB4), -EFAULT, "past its end");
	check(ftruncate(fd, 0), 0, "ftruncate");
	check(load_from(&g, 2 * HIGH), -EFAULT, "where its end was");
	check(ftruncate(fd, KIB4), 0, "ftruncate");
	check(guest_run(&g), AT_DONE, "where it is again");
	check(X(&g, 2), 0, "is zero");
	guest_free(&g);
	munmap(f, 2 * KIB4);
	munmap(p, 16 * KIB4);
	close(fd);
	end();
}

static void read_only(void)
{
	struct guest g;
	uint64_t *p = pages(4 * KIB4);

	begin("ioctl: KVM_SET_USER_MEMORY_REGION: KVM_MEM_READONLY: a store is an exit");
	guest_make(&g, 1, 0);
	p[0] = 0x11;
	check(set_slot(g.vm, 1, KVM_MEM_READONLY, HIGH, 4 * KIB4, p), 0, "a slot");
	check(load_from(&g, HIGH), AT_DONE, "a load");
	check(X(&g, 2), 0x11, "sees it");
	check(store_to(&g, HIGH + 8, 0x22), AT_MMIO, "a store");
	check((long)g.run[0]->mmio.phys_addr, HIGH + 8, "its address");
	check(g.run[0]->mmio.is_write, 1, "its direction");
	check(g.run[0]->mmio.len, 8, "its length");
	check(guest_run(&g), AT_DONE, "goes on");
	check((long)p[1], 0, "nothing was written");
	/* Nor where nobody has touched it; and memory that this program cannot write will do. */
	check(store_to(&g, HIGH + KIB4, 0x22), AT_MMIO, "a store to another page");
	check(mprotect(p, 4 * KIB4, PROT_READ), 0, "mprotect");
	check(load_from(&g, HIGH + 2 * KIB4), AT_DONE, "a load from memory to read");
	check(set_slot(g.vm, 1, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, HIGH, 4 * KIB4, p), 0,
	      "with a log");
	check(set_slot(g.vm, 1, 0, 0, 0, NULL), 0, "away");
	check(load_from(&g, HIGH), AT_MMIO, "a load is an exit now");
	guest_free(&g);
	munmap(p, 4 * KIB4);
	end();
}

/* Code is memory, too. */
static void code(void)
{
	struct guest g;
	char *p = pages(KIB4);

	begin("ioctl: KVM_RUN: code in a slot of its own, changed between runs");
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, KVM_MEM_READONLY, HIGH, KIB4, p), 0, "a slot");
	for (int i = 0; i < 4; i++) {
		volatile uint32_t *out = (volatile uint32_t *)(void *)p;

		out[0] = 0xd2800005u | (uint32_t)(i + 7) << 5; /* mov x5, #i + 7 */
		out[1] = ((const uint32_t *)(const void *)says_done)[0];
		out[2] = ((const uint32_t *)(const void *)says_done)[1];
		__builtin___clear_cache(p, p + 12);
		guest_load(&g, 0, jumps);
		SET_X(&g, 1, HIGH);
		check(guest_run(&g), AT_DONE, "runs");
		check(X(&g, 5), i + 7, "the code of time %d", i);
	}
	guest_free(&g);
	munmap(p, KIB4);
	end();
}

/* ---- slots of a machine that runs ---- */

static volatile bool stop;

static void *runs(void *arg)
{
	struct guest *g = arg;
	long r;

	/*
	 * An access to what is away is an exit for MMIO, which reads what is in struct kvm_run.
	 */
	do {
		r = guest_run(g);
	} while (!stop && (r == AT_MMIO || r == -EINTR));
	return (void *)r;
}

static void on_signal(int signo)
{
	(void)signo;
}

static void while_it_runs(void)
{
	struct sigaction a = { .sa_handler = on_signal };
	struct guest g;
	pthread_t t;
	void *r;
	char *p = pages(4 * KIB4), *q = pages(4 * KIB4);

	begin("ioctl: KVM_SET_USER_MEMORY_REGION, mprotect, madvise while a guest runs there");
	sigaction(SIGUSR1, &a, NULL);
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, 0, HIGH, 4 * KIB4, p), 0, "a slot");
	guest_load(&g, 0, loops);
	SET_X(&g, 1, HIGH);
	stop = false;
	pthread_create(&t, NULL, runs, &g);
	for (int i = 0; i < 300; i++) {
		check(set_slot(g.vm, 1, 0, 0, 0, NULL), 0, "away");
		check(set_slot(g.vm, 1, 0, HIGH, 4 * KIB4, i & 1 ? p : q), 0, "there");
		check(set_slot(g.vm, 1, 0, HIGH + 8 * KIB4, 4 * KIB4, i & 1 ? p : q), 0,
		      "elsewhere");
		check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, HIGH + 8 * KIB4, 4 * KIB4,
			       i & 1 ? p : q),
		      0, "with a log");
		check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, HIGH, 4 * KIB4, i & 1 ? p : q), 0,
		      "back");
		check(madvise(p, 4 * KIB4, MADV_DONTNEED), 0, "madvise");
	}
	stop = true;
	g.run[0]->immediate_exit = 1;
	pthread_kill(t, SIGUSR1);
	pthread_join(t, &r);
	check_one_of((long)r, AT_MMIO, -EINTR, "the guest's end");
	g.run[0]->immediate_exit = 0;
	guest_free(&g);
	munmap(p, 4 * KIB4);
	munmap(q, 4 * KIB4);
	end();
}

/* ---- the dirty log ---- */

static uint64_t dirty[4];

static long get_log(int vm, unsigned int slot, void *at)
{
	struct kvm_dirty_log l = { .slot = slot, .dirty_bitmap = at };

	return sys(ioctl, vm, KVM_GET_DIRTY_LOG, &l);
}

static void log_is(int vm, uint64_t want, const char *what)
{
	memset(dirty, 0xff, sizeof(dirty));
	check(get_log(vm, 1, dirty), 0, "KVM_GET_DIRTY_LOG %s", what);
	check((long)dirty[0], (long)want, "pages written %s", what);
	check((long)dirty[1], 0, "and of the second word %s", what);
	check((long)dirty[2], -1, "nothing behind them");
}

static void dirty_log(void)
{
	struct guest g;
	uint64_t *p = pages(128 * KIB4);

	begin("ioctl: KVM_GET_DIRTY_LOG: which pages a guest has written");
	guest_make(&g, 1, 0);
	check(get_log(g.vm, 1, dirty), -ENOENT, "of no slot");
	check(set_slot(g.vm, 1, 0, HIGH, 70 * KIB4, p), 0, "a slot");
	check(get_log(g.vm, 1, dirty), -ENOENT, "of a slot without");
	check(get_log(g.vm, 32767, dirty), -EINVAL, "of slot 32767");
	check(get_log(g.vm, 0x10001, dirty), -EINVAL, "of another address space");
	check(store_to(&g, HIGH, 1), AT_DONE, "a store before");
	check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, HIGH, 70 * KIB4, p), 0, "with a log");
	log_is(g.vm, 0, "at first");
	check(store_to(&g, HIGH, 1), AT_DONE, "a store to page 0");
	check(store_to(&g, HIGH + 3 * KIB4, 1), AT_DONE, "to page 3");
	check(load_from(&g, HIGH + 5 * KIB4), AT_DONE, "a load from page 5");
	check(store_to(&g, HIGH + 63 * KIB4, 1), AT_DONE, "to page 63");
	p[512 * 7] = 1; /* this program's own stores do not count */
	log_is(g.vm, 1ul << 63 | 9, "now");
	log_is(g.vm, 0, "again");
	check(store_to(&g, HIGH + 3 * KIB4, 1), AT_DONE, "to page 3");
	check(store_to(&g, HIGH + 5 * KIB4, 1), AT_DONE, "to page 5, which was read");
	log_is(g.vm, 0x28, "then");
	check(store_to(&g, HIGH + 69 * KIB4, 1), AT_DONE, "to page 69");
	memset(dirty, 0xff, sizeof(dirty));
	check(get_log(g.vm, 1, dirty), 0, "KVM_GET_DIRTY_LOG");
	check((long)dirty[1], 1l << 5, "page 69");
	check(store_to(&g, HIGH + KIB4, 1), AT_DONE, "to page 1");
	for (int at = 0; hostile_pointer(&at, 16, OUT);)
		check(get_log(g.vm, 1, bad), -EFAULT, "to %s", bad_name);
	FAULTS(IN, sizeof(struct kvm_dirty_log), ioctl, g.vm, KVM_GET_DIRTY_LOG, bad);
	check(set_slot(g.vm, 1, 0, HIGH, 70 * KIB4, p), 0, "without a log");
	check(get_log(g.vm, 1, dirty), -ENOENT, "no log");
	guest_free(&g);
	munmap(p, 128 * KIB4);
	end();
}

static long clear_log(int vm, unsigned int slot, uint64_t first, uint32_t n, void *at)
{
	struct kvm_clear_dirty_log l = { slot, n, first, { at } };

	return sys(ioctl, vm, KVM_CLEAR_DIRTY_LOG, &l);
}

static void manual_log(void)
{
	struct guest g;
	uint64_t *p = pages(128 * KIB4), some[2] = { 0, 0 };
	struct kvm_enable_cap c = { .cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = { 1 } };

	begin("ioctl: KVM_CLEAR_DIRTY_LOG, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
	guest_make(&g, 1, 0);
	if (sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) > 0) {
		check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), 0, "KVM_ENABLE_CAP");
		c.args[0] = 4;
		check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), -EINVAL, "an unknown flag");
		check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, HIGH, 70 * KIB4, p), 0, "a slot");
		check(store_to(&g, HIGH, 1), AT_DONE, "to page 0");
		check(store_to(&g, HIGH + 3 * KIB4, 1), AT_DONE, "to page 3");
		log_is(g.vm, 9, "first");
		log_is(g.vm, 9, "again: nothing was cleared");
		some[0] = 8;
		check(clear_log(g.vm, 1, 0, 64, some), 0, "page 3 is cleared");
		log_is(g.vm, 1, "then");
		check(store_to(&g, HIGH + 3 * KIB4, 1), AT_DONE, "to page 3");
		log_is(g.vm, 9, "once more");
		check(clear_log(g.vm, 1, 1, 64, some), -EINVAL, "from page 1");
		check(clear_log(g.vm, 1, 0, 63, some), -EINVAL, "63 pages");
		check(clear_log(g.vm, 1, 64, 64, some), -EINVAL, "past the end");
		check(clear_log(g.vm, 1, 128, 64, some), -EINVAL, "from past the end");
		check(clear_log(g.vm, 1, 64, 6, some), 0, "the last pages");
		check(clear_log(g.vm, 2, 0, 64, some), -ENOENT, "of no slot");
		check(clear_log(g.vm, 32767, 0, 64, some), -EINVAL, "of slot 32767");
		for (int at = 0; hostile_pointer(&at, 8, IN);)
			check(clear_log(g.vm, 1, 0, 64, bad), -EFAULT, "from %s", bad_name);
		FAULTS(IN, sizeof(struct kvm_clear_dirty_log), ioctl, g.vm, KVM_CLEAR_DIRTY_LOG,
		       bad);
	}
	guest_free(&g);
	munmap(p, 128 * KIB4);
	end();
}

/* What a guest wrote is nowhere when its machine is gone, and a new one's memory is zero. */
static void many_machines(void)
{
	begin("ioctl: KVM_CREATE_VM: machines one behind another, and four at a time");
	for (int i = 0; i < 50; i++) {
		struct guest g[4];
		uint64_t *p[4];

		for (int k = 0; k < 4; k++) {
			guest_make(&g[k], 1, 0);
			p[k] = pages(16 * KIB4);
			check(set_slot(g[k].vm, 1, 0, HIGH, 16 * KIB4, p[k]), 0, "a slot");
		}
		for (int k = 0; k < 4; k++) {
			guest_load(&g[k], 0, adds);
			SET_X(&g[k], 1, HIGH);
			SET_X(&g[k], 2, 16);
			check(guest_run(&g[k]), AT_DONE, "machine %d runs", k);
		}
		for (int k = 0; k < 4; k++) {
			for (int page = 0; page < 16; page++)
				check((long)p[k][page * 512], 1, "machine %d, page %d", k, page);
			guest_free(&g[k]);
			munmap(p[k], 16 * KIB4);
		}
	}
	end();
}

int main(void)
{
	open_kvm();
	slot_errors();
	pages_come();
	pages_refused();
	read_only();
	code();
	while_it_runs();
	dirty_log();
	manual_log();
	many_machines();
	return tap_done();
}
