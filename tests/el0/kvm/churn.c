/*
 * churn.c - machines of two processes that store their own mark all over their memory, while the
 * memory is taken away, write-protected, moved, forked and logged under them: a page holds zeros
 * or the mark of its own machine, or something reached a page that was another's already.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/uio.h>

#include "tests/el0/kvm/guest.h"

#define KIB4	  4096ul
#define AT	  0x40000000ul /* of the guest */
#define SIZE	  0x400000ul   /* two blocks of 2 MiB */
#define PAGES	  (SIZE / KIB4)
#define VCPUS	  2
#define MACHINES  2
#define TENTHS	  20	  /* of a second, at least */
#define ROUNDS	  20	  /* the same */
#define PATIENCE  400	  /* tenths */
#define WRONG_AT  0xfe0ul /* in DEVICE: the guest has found what is not its own, in x4 */
#define MARK(n)	  (0x6d61726b00000001ul + ((n) << 8))
#define CHILDS(m) ((m) ^ 0xff0000)

/* clang-format off */
GUEST(marks,
	"1: mul x6, x6, x7\n add x6, x6, #1\n lsr x9, x6, #40\n and x9, x9, x2\n"
	"add x14, x1, x9, lsl #12\n ldr x4, [x14]\n cbz x4, 2f\n cmp x4, x5\n b.ne 3f\n"
	"2: str x5, [x14]\n subs x3, x3, #1\n b.ne 1b\n" DONE
	"3: str x4, [x20, #0xfe0]\n" DONE);
/* clang-format on */

static struct guest machine;
static char *memory;
static uint64_t mark;
static volatile bool stop, found;
static volatile unsigned int rounds, refused;

static void *guest_marks(void *arg)
{
	int n = (int)(uintptr_t)arg;

	for (uint64_t seed = (uint64_t)n + 1; !stop && !found; seed += 2) {
		long r;

		guest_at(&machine, n, 0);
		set_reg(machine.cpu[n], X_ID(1), AT);
		set_reg(machine.cpu[n], X_ID(2), PAGES - 1);
		set_reg(machine.cpu[n], X_ID(3), 200);
		set_reg(machine.cpu[n], X_ID(5), mark);
		set_reg(machine.cpu[n], X_ID(6), seed);
		set_reg(machine.cpu[n], X_ID(7), 0x5851f42d4c957f2d);
		/* A page that is to read, or on its way to another place. */
		while ((r = guest_run_cpu(&machine, n)) == -EFAULT && !stop)
			refused++;
		if (r == AT_DONE)
			rounds++;
		else if (!stop)
			found = true;
	}
	return NULL;
}

static unsigned int below(unsigned int n)
{
	static _Thread_local uint64_t state;

	state = (state ? state : (uintptr_t)&state) * 6364136223846793005 + 1442695040888963407;
	return (unsigned int)((state >> 33) % n);
}

/* Some pages, now and then a block. */
static char *some_pages(size_t *size)
{
	size_t n = below(16) ? 1 + below(below(2) ? 2 : 32) : SIZE / 2 / KIB4,
	       at = below((unsigned int)PAGES);

	if (n > PAGES / 4)
		at = at / n * n;
	n = at + n > PAGES ? PAGES - at : n;
	*size = n * KIB4;
	return memory + at * KIB4;
}

/* A child whose stores are its own. */
static void fork_and_store(void)
{
	pid_t child = fork();

	if (!child) {
		for (size_t i = 0; i < SIZE; i += KIB4)
			*(volatile uint64_t *)(void *)(memory + i) = CHILDS(mark);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void take_away(void)
{
	size_t size;
	char *p = some_pages(&size);

	switch (below(8)) {
	case 0: mprotect(p, size, PROT_READ); break;
	case 1:
	case 2:
	case 3: mprotect(memory, SIZE, PROT_READ | PROT_WRITE); break;
	case 4: madvise(p, size, 20 /* MADV_COLD */); break;
	case 5: madvise(p, size, 21 /* MADV_PAGEOUT */); break;
	default: madvise(p, size, MADV_DONTNEED); break;
	}
}

/* There and back.  By one thread alone: nothing else is mapped where it was meanwhile. */
static void move(void)
{
	size_t size;
	char *p = some_pages(&size), *q;

	q = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q != MAP_FAILED && mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q)
		mremap(q, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, p);
}

static void *host_takes(void *arg)
{
	while (!stop && !found) {
		take_away();
		usleep(below(2000)); /* or the guests come to nothing */
	}
	return arg;
}

static void *host_looks(void *arg)
{
	static uint64_t log[PAGES / 64];
	struct kvm_dirty_log l = { .slot = 1, .dirty_bitmap = log };

	while (!stop && !found) {
		set_slot(machine.vm, 1, below(2) ? KVM_MEM_LOG_DIRTY_PAGES : 0, AT, SIZE, memory);
		for (int i = 0; i < 20; i++) {
			uint64_t v = 0;
			struct iovec to = { &v, sizeof(v) };
			struct iovec from = { memory + below((unsigned int)PAGES) * KIB4,
					      sizeof(v) };

			sys(ioctl, machine.vm, KVM_GET_DIRTY_LOG, &l);
			/* By a call: the page may be away. */
			if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 8 && v && v != mark)
				found = true;
		}
		move();
		if (!below(8))
			fork_and_store();
	}
	return arg;
}

static int churn(int n)
{
	pthread_t t[VCPUS + 3];

	mark = MARK((uint64_t)n);
	memory = pages(SIZE + SIZE / 2);
	memory = (char *)(((uintptr_t)memory + SIZE / 2 - 1) & ~(SIZE / 2 - 1));
	guest_make(&machine, VCPUS, 0);
	guest_put(&machine, 0, marks, marks_end);
	if (set_slot(machine.vm, 1, 0, AT, SIZE, memory))
		return 1;
	for (int i = 0; i < VCPUS; i++)
		pthread_create(&t[i], NULL, guest_marks, (void *)(uintptr_t)i);
	pthread_create(&t[VCPUS], NULL, host_takes, NULL);
	pthread_create(&t[VCPUS + 1], NULL, host_takes, NULL);
	pthread_create(&t[VCPUS + 2], NULL, host_looks, NULL);
	for (int i = 0; !found && i < PATIENCE && (i < TENTHS || rounds < ROUNDS); i++)
		usleep(100000);
	stop = true;
	for (int i = 0; i < VCPUS; i++)
		machine.run[i]->immediate_exit = 1;
	for (int i = 0; i < VCPUS + 3; i++)
		pthread_join(t[i], NULL);
	fprintf(stderr, "# machine %d: %u rounds, %u times refused; x4 %#lx, exit %u\n", n, rounds,
		refused, X(&machine, 4), machine.run[0]->exit_reason);
	guest_free(&machine);
	return found || rounds < ROUNDS;
}

int main(void)
{
	pid_t child[MACHINES];

	open_kvm();
	begin("ioctl: KVM_RUN: memory that comes and goes is zero, or the machine's own");
	for (int n = 0; n < MACHINES; n++) {
		child[n] = fork();
		if (!child[n])
			_exit(churn(n));
	}
	for (int n = 0; n < MACHINES; n++) {
		int status = -1;

		waitpid(child[n], &status, 0);
		check(status, 0, "machine %d", n);
	}
	end();
	return tap_done();
}
