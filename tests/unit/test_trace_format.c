/*
 * test_trace_format.c - trace/format.c and trace/names.c: records as lines, and any bytes at all as
 * a line.
 */
#include "unit.h"

#include "lib/string.h"
#include "trace/esr.c"
#include "trace/format.c"
#include "trace/names.c"
#include "trace/sysreg.c"
#include "trace/words.h"

static struct trace_place place = { .hz = 1000000000 };

/* As a file has it: in a block of its own size, so that the sanitizer sees what lies behind. */
static int format(char *text, size_t n, const void *r, size_t bytes)
{
	void *copy = malloc(bytes ? bytes : 1);
	int len;

	__builtin_memcpy(copy, r, bytes);
	len = trace_format(text, n, copy, bytes, &place);
	free(copy);
	return len;
}

static void expect(const void *r, const char *line)
{
	const struct trace_head *head = r;
	char text[TRACE_LINE_MAX];
	int n = format(text, sizeof(text), r, head->words * 8);

	assert_string_equal(text, line);
	assert_int_equal(n, strlen(line));
}

#define HEAD(NAME, name, from, to)                          \
	.head = { .kind = TRACE_KIND_##NAME,                \
		  .words = sizeof(struct trace_##name) / 8, \
		  .levels = TRACE_LEVELS(from, to) }

/* A record with room for chunks behind it. */
struct svc_record {
	union {
		struct trace_svc r;
		struct trace_exec exec;
		uint64_t word[TRACE_WORDS_MAX];
	};
};

static void chunk(struct svc_record *r, unsigned int arg, unsigned int flags, const char *data,
		  uint32_t whole)
{
	struct trace_chunk *c = (void *)&r->word[r->r.head.words];
	size_t bytes = strlen(data);

	*c = (struct trace_chunk){ .arg = (uint8_t)arg,
				   .flags = (uint8_t)flags,
				   .bytes = (uint16_t)bytes,
				   .whole = whole };
	__builtin_memcpy(c + 1, data, bytes);
	r->r.head.words += 1 + (bytes + 7) / 8;
}

static void a_system_call_and_its_return(void **state)
{
	struct trace_svc r = {
		HEAD(SVC, svc, 0, 1), .esr = 0x56000000,	  .elr = 0x400098,
		.nr = NR_write,	      .arg = { 1, 0x400120, 17 },
	};
	struct trace_return back = {
		HEAD(RETURN, return, 1, 0),
		.cause = TRACE_KIND_SVC,
		.elr = 0x40009c,
		.nr = NR_write,
		.result = 17,
		.since = 500,
	};

	r.head.pid = back.head.pid = 1;
	back.head.ticks = 500 + 812;
	place.ns = 123456789;
	expect(&r, "[    0.123456789] cpu0 pid 1 EL0->EL1 svc write(1, 0x400120, 17) "
		   "esr=0x56000000 elr=0x400098");
	place.ns = 1123457601;
	place.cpu = 3;
	expect(&back,
	       "[    1.123457601] cpu3 pid 1 EL1->EL0 eret svc write = 17 812 ns elr=0x40009c");
	place.hz = 62500000;
	back.result = -ENOENT;
	expect(&back, "[    1.123457601] cpu3 pid 1 EL1->EL0 eret svc write = -ENOENT 12992 ns "
		      "elr=0x40009c");
	place.hz = 0;
	back.nr = NR_mmap;
	back.result = 0x7fff0000;
	back.head.slot = TRACE_LATE;
	expect(&back, "[    1.123457601] cpu3 pid 1 EL1->EL0 eret svc mmap = 0x7fff0000 "
		      "elr=0x40009c (late)");
	place = (struct trace_place){ .hz = 1000000000 };
}

static void arguments_by_their_letters(void **state)
{
	struct svc_record s = { .r = {
					HEAD(SVC, svc, 0, 1),
					.nr = NR_openat,
					.arg = { (uint64_t)-100, 0x1000, 0x8241, 0644 },
				} };
	struct trace_svc *r = &s.r;

	chunk(&s, 1, TRACE_CHUNK_STRING, "/etc/\"motd\"\n", 12);
	expect(r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc openat(AT_FDCWD, "
		  "\"/etc/\\\"motd\\\"\\n\", O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW, 0644)");
	r->head.words = sizeof(*r) / 8;
	chunk(&s, 1, TRACE_CHUNK_STRING | TRACE_CHUNK_NOT_IN, "", 0);
	r->arg[0] = 0xffffffff00000005;
	expect(r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc openat(5, 0x1000, "
		  "O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW, 0644)");
	r->nr = NR_kill;
	r->arg[0] = (uint64_t)-1;
	r->arg[1] = 11;
	expect(r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc kill(-1, SIGSEGV)");
	r->nr = NR_read;
	r->arg[1] = 0;
	r->arg[2] = UINT64_MAX;
	expect(r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc read(-1, NULL, 18446744073709551615)");
	r->nr = 9999;
	expect(r, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc syscall_9999(0xffffffffffffffff, 0, "
		  "0xffffffffffffffff, 0x1a4, 0, 0)");
}

static void two_strings(void **state)
{
	struct svc_record s = { .r = {
					HEAD(SVC, svc, 0, 1),
					.nr = NR_symlinkat,
					.arg = { 0x1000, 3, 0x2000 },
				} };

	chunk(&s, 0, TRACE_CHUNK_STRING, "one", 3);
	chunk(&s, 2, TRACE_CHUNK_STRING, "two", 3000);
	expect(&s, "[    0.000000000] cpu0 pid 0 EL0->EL1 svc symlinkat(\"one\", 3, "
		   "\"two\"...)");
}

static void faults_and_interrupts(void **state)
{
	struct trace_fault r = { HEAD(FAULT, fault, 0, 1), .esr = 0x92000047, .elr = 0x400000,
				 .far = 0x410000 };
	struct trace_return back = { HEAD(RETURN, return, 1, 0), .cause = TRACE_KIND_FAULT,
				     .elr = 4 };
	struct trace_irq irq = { HEAD(IRQ, irq, 1, 1), .nr = 27, .elr = 8 };

	r.head.pid = 7;
	expect(&r, "[    0.000000000] cpu0 pid 7 EL0->EL1 fault data abort from a lower EL: write, "
		   "level 3 translation fault "
		   "esr=0x92000047 elr=0x400000 far=0x410000");
	expect(&back, "[    0.000000000] cpu0 pid 0 EL1->EL0 eret fault resolved elr=0x4");
	back.nr = 11;
	expect(&back, "[    0.000000000] cpu0 pid 0 EL1->EL0 eret fault SIGSEGV elr=0x4");
	expect(&irq, "[    0.000000000] cpu0 pid 0 EL1->EL1 irq 27 elr=0x8");
	place.irq = "arch_timer";
	expect(&irq, "[    0.000000000] cpu0 pid 0 EL1->EL1 irq 27 arch_timer elr=0x8");
	irq.nr = -1;
	expect(&irq, "[    0.000000000] cpu0 pid 0 EL1->EL1 irq spurious elr=0x8");
	place.irq = NULL;
}

static void calls_upward(void **state)
{
	struct trace_call r = { HEAD(CALL, call, 1, 3), .fn = 0x84000000, .esr = 0x5e000000,
				.elr = 16 };
	struct trace_call_return back = { HEAD(CALL_RETURN, call_return, 2, 1), .fn = 0x84000000,
					  .result = 65537, .elr = 16 };
	struct trace_level level = { HEAD(LEVEL, level, 1, 3),
				     .esr = 0x5e000000,
				     .elr = 16,
				     .answer = 1,
				     .until = 20,
				     .fn = 0x84000000,
				     .did = TRACE_LEVEL_ANSWERED };

	level.head.ticks = 12;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL3 smc PSCI_VERSION(0, 0, 0) esr=0x5e000000 "
		   "elr=0x10");
	expect(&back,
	       "[    0.000000000] cpu0 pid 0 EL2->EL1 eret hvc PSCI_VERSION = 65537 elr=0x10");
	expect(&level, "[    0.000000000] cpu0 pid 0 EL1->EL3 answered smc PSCI_VERSION = 1 8 ns "
		       "esr=0x5e000000 elr=0x10");
	level.did |= TRACE_LEVEL_SEEN;
	expect(&level, "[    0.000000000] cpu0 pid 0 EL1->EL3 answered smc PSCI_VERSION = 1 8 ns "
		       "esr=0x5e000000 elr=0x10 (seen)");
	r.fn = 0xc4000003; /* the 64-bit form */
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL3 smc PSCI_CPU_ON(0, 0, 0) esr=0x5e000000 "
		   "elr=0x10");
	r.fn = 0x83000042;
	expect(&r, "[    0.000000000] cpu0 pid 0 EL1->EL3 smc 0x83000042(0, 0, 0) esr=0x5e000000 "
		   "elr=0x10");
	level.did = TRACE_LEVEL_BOUNCED;
	level.esr = 0x62300000;
	expect(&level, "[    0.000000000] cpu0 pid 0 EL1->EL3 bounced system register access "
		       "trapped: MSR MIDR_EL1, x0 8 ns esr=0x62300000 elr=0x10");
	level.did = TRACE_LEVEL_LOST;
	expect(&level, "[    0.000000000] cpu0 pid 0 EL1->EL3 lost 1 of its notes");
}

/* Each word of a list, and a number beyond it. */
static void events(void **state)
{
	struct trace_sched sched = { HEAD(SCHED, sched, 1, 1), .next = 3, .why = TRACE_WHY_SLEEPS,
				     .comm = "sh\033" };
	struct trace_wake wake = { HEAD(WAKE, wake, 1, 1), .task = 4, .target = 2 };
	struct trace_fork fork = { HEAD(FORK, fork, 1, 1), .flags = 17, .child = 5, .process = 5,
				   .comm = "0123456789abcdef" };
	struct svc_record s = { .exec = { HEAD(EXEC, exec, 1, 1), .process = 5, .comm = "ls" } };
	struct trace_exit exit = { HEAD(EXIT, exit, 1, 1), .process = 5, .status = 0x100 };
	struct trace_name name = { HEAD(NAME, name, 1, 1), .task = 0, .comm = "cat" };

	expect(&sched, "[    0.000000000] cpu0 pid 0 EL1 sched to pid 3 \"sh\\33\": sleeps");
	sched.why = 99;
	expect(&sched, "[    0.000000000] cpu0 pid 0 EL1 sched to pid 3 \"sh\\33\": 99");
	expect(&wake, "[    0.000000000] cpu0 pid 0 EL1 wake pid 4 for cpu2");
	expect(&fork, "[    0.000000000] cpu0 pid 0 EL1 fork pid 5 process 5 \"0123456789abcdef\" "
		      "flags=SIGCHLD");
	fork.flags = 0x1200011;
	expect(&fork, "[    0.000000000] cpu0 pid 0 EL1 fork pid 5 process 5 \"0123456789abcdef\" "
		      "flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
	expect(&s, "[    0.000000000] cpu0 pid 0 EL1 exec process 5 \"ls\"");
	chunk(&s, TRACE_CHUNK_PATH, TRACE_CHUNK_STRING, "/bin/ls", 7);
	expect(&s, "[    0.000000000] cpu0 pid 0 EL1 exec \"/bin/ls\" process 5 \"ls\"");
	expect(&exit, "[    0.000000000] cpu0 pid 0 EL1 exit process 5 status=0x100");
	expect(&name, "[    0.000000000] cpu0 pid 0 EL1 name \"cat\"");
	name.task = 7;
	expect(&name, "[    0.000000000] cpu0 pid 0 EL1 name of pid 7 \"cat\"");
}

static void signals_and_copies(void **state)
{
	struct trace_signal_send send = { HEAD(SIGNAL_SEND, signal_send, 1, 1), .nr = 11, .code = 1,
					  .to = 2, .did = TRACE_SENT_QUEUED };
	struct trace_signal_take take = { HEAD(SIGNAL_TAKE, signal_take, 1, 1), .nr = 10,
					  .did = TRACE_TAKEN_HANDLER, .handler = 0x400100 };
	struct trace_copy copy = { HEAD(COPY, copy, 1, 1), .address = 0x1000,
				   .pc = 0xffffffff80001000, .esr = 0x96000047,
				   .access = TRACE_ACCESS_WRITE };

	expect(&send,
	       "[    0.000000000] cpu0 pid 0 EL1 signal SIGSEGV (SEGV_MAPERR) to pid 2: queued");
	send.did = TRACE_SENT_GONE;
	expect(&send,
	       "[    0.000000000] cpu0 pid 0 EL1 signal SIGSEGV (SEGV_MAPERR) to pid 2: gone");
	send.nr = 17, send.code = 2;
	expect(&send,
	       "[    0.000000000] cpu0 pid 0 EL1 signal SIGCHLD (CLD_KILLED) to pid 2: gone");
	send.code = -6;
	expect(&send, "[    0.000000000] cpu0 pid 0 EL1 signal SIGCHLD (SI_TKILL) to pid 2: gone");
	send.nr = 11, send.code = 0;
	expect(&send, "[    0.000000000] cpu0 pid 0 EL1 signal SIGSEGV (SI_USER) to pid 2: gone");
	send.did = TRACE_SENT_QUEUED;
	send.nr = 70, send.code = 1;
	expect(&send, "[    0.000000000] cpu0 pid 0 EL1 signal 70 (0x1 /* SI_??? */) "
		      "to pid 2: queued");
	expect(&take, "[    0.000000000] cpu0 pid 0 EL1 takes SIGUSR1: handler 0x400100");
	expect(&copy, "[    0.000000000] cpu0 pid 0 EL1 copy refused: write esr=0x96000047 "
		      "pc=0xffffffff80001000 far=0x1000");
}

static void disks(void **state)
{
	struct trace_block block = { HEAD(BLOCK, block, 1, 1), .sector = 2048, .bytes = 4096,
				     .did = TRACE_BLOCK_STARTED, .disk = "vda" };

	expect(&block,
	       "[    0.000000000] cpu0 pid 0 EL1 block read \"vda\" sector 2048, 4096 bytes");
	block.op = TRACE_BLOCK_WRITE;
	block.flags = TRACE_BLOCK_FUA | TRACE_BLOCK_META;
	block.did = TRACE_BLOCK_ENDED;
	block.error = -EIO;
	expect(&block, "[    0.000000000] cpu0 pid 0 EL1 block write fua meta \"vda\" sector 2048, "
		       "4096 bytes = -EIO");
	block.op = TRACE_BLOCK_FLUSH;
	block.flags = 0;
	block.error = 0;
	memcpy(block.disk, "0123456789abcdefg", 16);
	expect(&block, "[    0.000000000] cpu0 pid 0 EL1 block flush \"0123456789abcdef\" = 0");
	block.op = 200;
	expect(&block, "[    0.000000000] cpu0 pid 0 EL1 block op 200 \"0123456789abcdef\" "
		       "sector 2048, 4096 bytes = 0");
}

static void guests(void **state)
{
	struct trace_guest guest = { HEAD(GUEST, guest, 2, 1), .elr = 0x40080000, .vm = 3,
				     .vcpu = 1, .did = TRACE_GUEST_ENTERS };

	expect(&guest, "[    0.000000000] cpu0 pid 0 EL2->EL1 guest vm 3 vcpu 1 enters "
		       "elr=0x40080000");
	guest.head.levels = TRACE_LEVELS(1, 2);
	guest.head.ticks = 500;
	guest.since = 100;
	guest.did = TRACE_GUEST_SYNC;
	guest.esr = 0x5a000000;
	guest.fn = 0x84000000;
	guest.value = 7;
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL1->EL2 guest vm 3 vcpu 1 hvc PSCI_VERSION "
		       "400 ns esr=0x5a000000 elr=0x40080000 value=0x7");
	guest.esr = 0x5e000000;
	guest.fn = 0x12345;
	guest.value = 0;
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL1->EL2 guest vm 3 vcpu 1 smc 0x12345 "
		       "400 ns esr=0x5e000000 elr=0x40080000");
	guest.esr = 0x93800046;
	guest.far = 0xffff000009000000;
	guest.ipa = 0x9000000;
	guest.value = 'h';
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL1->EL2 guest vm 3 vcpu 1 data abort from a "
		       "lower EL: write, level 2 translation fault, word x0 400 ns "
		       "esr=0x93800046 elr=0x40080000 far=0xffff000009000000 "
		       "ipa=0x9000000 value=0x68");
	guest = (struct trace_guest){ HEAD(GUEST, guest, 0, 2), .did = TRACE_GUEST_IRQ };
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL0->EL2 guest vm 0 vcpu 0 interrupt of the "
		       "host's");
	guest.did = TRACE_GUEST_SERROR;
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL0->EL2 guest vm 0 vcpu 0 SError");
	guest.did = TRACE_GUEST_REFUSED;
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL0->EL2 guest vm 0 vcpu 0 refused: no "
		       "PSTATE of EL0's or EL1's");
	guest.did = 9;
	expect(&guest, "[    0.000000000] cpu0 pid 0 EL0->EL2 guest vm 0 vcpu 0 did 9");
}

static void what_is_damaged_is_said(void **state)
{
	struct svc_record s = { .r = { HEAD(SVC, svc, 0, 1), .nr = NR_openat } };
	char text[TRACE_LINE_MAX];

	format(text, sizeof(text), &s, 15);
	assert_string_equal(text, "[    0.000000000] cpu0 damaged record");
	format(text, sizeof(text), &s, sizeof(s.r) - 8);
	assert_string_equal(text, "[    0.000000000] cpu0 pid 0 EL0->EL1 damaged record 1");
	s.r.head.kind = 0;
	format(text, sizeof(text), &s, sizeof(s.r));
	assert_string_equal(text, "[    0.000000000] cpu0 pid 0 EL0->EL1 unknown record 0");
}

/*
 * Records come from files too: whatever the bytes are, one terminated line without control
 * characters, within the buffer.
 */
static void any_bytes_are_a_line(void **state)
{
	for (int i = 0; i < 200000; i++) {
		size_t size = random_below(TRACE_LINE_MAX), bytes = random_below(300);
		struct svc_record s;
		char *text = malloc(size + 1);
		int n;

		for (size_t b = 0; b < bytes; b += 4)
			((uint32_t *)&s)[b / 4] = random_u32();
		s.r.head.kind = random_below(20);
		s.r.head.words = random_below(4) ? bytes / 8 : random_u32();
		if (random_below(2))
			s.r.nr = random_below(450);
		n = format(text, size, &s, bytes);
		assert_true(size ? n < (int)size && !text[n] : n == 0);
		for (int c = 0; c < n; c++)
			assert_in_range(text[c], ' ', '~');
		free(text);
	}
}

static void the_longest_line_fits(void **state)
{
	struct svc_record s;
	char text[TRACE_LINE_MAX * 8];

	place = (struct trace_place){ .cpu = UINT32_MAX, .ns = UINT64_MAX, .hz = 1 };
	for (int kind = 2; kind < TRACE_KINDS; kind++) {
		__builtin_memset(&s, 0xff, sizeof(s));
		s.r.head.kind = kind;
		assert_true(format(text, sizeof(text), &s, sizeof(s)) < TRACE_LINE_MAX);
	}
	s.r.head = (struct trace_head){ .kind = TRACE_KIND_FAULT, .words = 5 };
	for (int i = 0; i < 100000; i++) {
		s.r.esr = random_u32() | (uint64_t)random_u32() << 32;
		assert_true(format(text, sizeof(text), &s, 40) < TRACE_LINE_MAX);
	}
	place = (struct trace_place){ .hz = 1000000000 };
}

/* Each call of abi/syscall.def has its line in abi/syscall_args.def, as long as its own. */
static void every_call_has_arguments(void **state)
{
	const uint64_t none[SYSCALL_ARGS_MAX] = { 0, ~0u, 0170100, ~0u, 0, 0 };

	for (uint32_t nr = 0; nr < NR_SYSCALLS + 10; nr++) {
		const struct arg *a = syscall_arguments(nr, none);
		const char *name = syscall_name(nr);
		size_t n = 0;

		if (!name != !a)
			fail_msg("%u: %s", nr, name ? name : "is no call");
		while (a && n < SYSCALL_ARGS_MAX && a[n].kind)
			n++;
		if (name && nr != NR_futex && n != strlen(syscall_args(nr)))
			fail_msg("%s: %zu arguments", name, n);
		for (size_t i = 0; i < n; i++)
			if (a[i].kind >= ARG_STRUCT)
				assert_true(a[i].dir);
	}
}

static void expect_words(enum trace_words set, uint64_t v, const char *words)
{
	char buf[256];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	trace_add_words(&t, set, v);
	assert_string_equal(buf, words);
}

static void flags_by_name(void **state)
{
	expect_words(WORDS_open, 0, "O_RDONLY");
	expect_words(WORDS_open, 02000002, "O_RDWR|O_CLOEXEC");
	expect_words(WORDS_open, 020040000 | 1u << 31, "O_RDONLY|O_TMPFILE|0x80000000");
	expect_words(WORDS_open, 04010003, "O_ACCMODE|O_SYNC");
	expect_words(WORDS_prot, 0, "PROT_NONE");
	expect_words(WORDS_prot, 3, "PROT_READ|PROT_WRITE");
	expect_words(WORDS_prot, 0x40, "0x40 /* PROT_??? */");
	expect_words(WORDS_map, 0x22, "MAP_PRIVATE|MAP_ANONYMOUS");
	expect_words(WORDS_seek, 9, "0x9 /* SEEK_??? */");
	expect_words(WORDS_ioctl, 0x5413, "TIOCGWINSZ");
	expect_words(WORDS_ioctl, 0xae80, "KVM_RUN");
	expect_words(WORDS_ioctl, 0x4010aeab, "KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG");
	expect_words(WORDS_epoll_ctl, 0, "0 /* EPOLL_CTL_??? */");
	expect_words(WORDS_at, 0, "0");
	expect_words(WORDS_at, 1, "0x1 /* AT_??? */");
	expect_words(WORDS_futex, 0x189, "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME");
	expect_words(WORDS_futex, 0, "FUTEX_WAIT");
	expect_words(WORDS_rusage, UINT32_MAX, "RUSAGE_CHILDREN");
	expect_words(WORDS_clock, UINT64_MAX, "0xffffffffffffffff /* CLOCK_??? */");
}

static void modes_and_strings(void **state)
{
	char buf[256];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	trace_add_filemode(&t, 0100644);
	text_add(&t, " ");
	trace_add_filemode(&t, 0104755);
	text_add(&t, " ");
	trace_add_mode(&t, 0);
	text_add(&t, " ");
	trace_add_string(&t, "\1772\n\\\"\1z", 7, 9);
	assert_string_equal(buf,
			    "S_IFREG|0644 S_IFREG|S_ISUID|0755 000 \"\\1772\\n\\\\\\\"\\1z\"...");
}

/* Every number of abi/errno.h has its name. */
static void errors_by_name(void **state)
{
	assert_string_equal(errno_name(EPERM), "EPERM");
	assert_string_equal(errno_name(ENOSYS), "ENOSYS");
	assert_string_equal(errno_name(EHWPOISON), "EHWPOISON");
	assert_null(errno_name(0));
	assert_null(errno_name(-1));
	assert_null(errno_name(41));
	assert_null(errno_name(100000));
	for (int e = 1, unnamed = 0; e <= EHWPOISON; e++) {
		unnamed += !errno_name(e);
		assert_true(unnamed <= 2); /* 41 and 58 are no errors of Linux's */
	}
}

static void signals_by_name(void **state)
{
	assert_string_equal(signal_name(1), "SIGHUP");
	assert_string_equal(signal_name(11), "SIGSEGV");
	assert_string_equal(signal_name(31), "SIGSYS");
	assert_null(signal_name(0));
	assert_null(signal_name(32));
	assert_string_equal(signal_code_name(11, 1), "SEGV_MAPERR");
	assert_string_equal(signal_code_name(7, 1), "BUS_ADRALN");
	assert_null(signal_code_name(11, 99));
	assert_null(signal_code_name(1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_system_call_and_its_return),
		cmocka_unit_test(arguments_by_their_letters),
		cmocka_unit_test(two_strings),
		cmocka_unit_test(faults_and_interrupts),
		cmocka_unit_test(calls_upward),
		cmocka_unit_test(events),
		cmocka_unit_test(signals_and_copies),
		cmocka_unit_test(disks),
		cmocka_unit_test(guests),
		cmocka_unit_test(what_is_damaged_is_said),
		cmocka_unit_test(any_bytes_are_a_line),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(every_call_has_arguments),
		cmocka_unit_test(flags_by_name),
		cmocka_unit_test(modes_and_strings),
		cmocka_unit_test(errors_by_name),
		cmocka_unit_test(signals_by_name),
	};

	return cmocka_run_group_tests_name("trace_format", tests, NULL, NULL);
}
