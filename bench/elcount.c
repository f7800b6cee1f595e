/*
 * elcount.c - QEMU TCG plugin: instructions executed per exception level, and
 * (with hist=FILE) per program counter.  Debian ships no qemu-plugin.h, so the
 * few entry points used are declared here from the documented API (QEMU 10,
 * plugin API version 4).
 *
 *   gcc -O2 -shared -fPIC -fvisibility=hidden -o elcount.so elcount.c
 *   qemu-system-aarch64 ... -plugin file=./elcount.so,hist=out.txt
 *
 * EL0 is told from EL1 by address: bit 63 clear = EL0 once the kernel runs in
 * the high half (a kernel before its MMU is on counts as "low").
 * With classes=1 every report also lists, per level, instructions by class -
 * what a bare count hides on hardware: exceptions, barriers, TLBI, system
 * registers, cache maintenance (DC ZVA apart), atomics, loads/stores.
 *
 * Counting between markers: the guest executes "hint #0x50" (start: counters
 * are zeroed) and "hint #0x51" (stop: counters are printed); both are NOPs.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
typedef struct {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
} qemu_plugin_u64;
typedef struct qemu_info_t qemu_info_t;
typedef void (*tb_trans_cb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*udata_cb)(unsigned int, void *);
typedef void (*udata_id_cb)(qemu_plugin_id_t, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_trans_cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, udata_cb, int, void *);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *, int,
							 qemu_plugin_u64, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, udata_id_cb, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t);
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *, unsigned int);
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64);
void qemu_plugin_u64_set(qemu_plugin_u64, unsigned int, uint64_t);
EXPORT int qemu_plugin_version = 4;

static struct qemu_plugin_scoreboard *sb;
static qemu_plugin_u64 el0, el1;
static const char *hist;
static bool classes;

enum {
	C_EXC,
	C_BARRIER,
	C_TLBI,
	C_CACHE,
	C_ZVA,
	C_MRS,
	C_MSR,
	C_EXCL,
	C_MEM,
	C_BRANCH,
	C_FP,
	C_ALU,
	NCLASS
};
static const char *const cname[NCLASS] = { "svc/eret", "barrier", "tlbi",    "cache",
					   "dczva",    "mrs",	  "msr",     "excl/acqrel",
					   "ld/st",    "branch",  "fp/simd", "alu" };
static qemu_plugin_u64 cls[2][NCLASS];

static int classify(uint32_t w)
{
	if ((w & 0xff000000) == 0xd4000000 || w == 0xd69f03e0)
		return C_EXC;
	if ((w & 0xffc00000) == 0xd5000000) {
		if ((w & 0xfffff01f) == 0xd503301f)
			return C_BARRIER;
		if ((w & 0xffffffe0) == 0xd50b7420)
			return C_ZVA;
		if ((w & 0xfff80000) == 0xd5080000) {
			if ((w >> 12 & 15) == 8)
				return C_TLBI;
			return C_CACHE;
		}
		if ((w & 0xfff00000) == 0xd5300000)
			return C_MRS;
		if ((w & 0xfff00000) == 0xd5100000 || (w & 0xfff8f01f) == 0xd500401f)
			return C_MSR;
		return C_ALU; /* hints */
	}
	if ((w & 0x3f000000) == 0x08000000 || (w & 0x3b200c00) == 0x38200000)
		return C_EXCL; /* exclusives, LSE */
	if ((w >> 27 & 1) && !(w >> 25 & 1))
		return C_MEM;
	if ((w >> 26 & 7) == 5)
		return C_BRANCH;
	if ((w >> 25 & 7) == 7)
		return C_FP;
	return C_ALU;
}

/* open-addressed PC table */
#define HN (1u << 20)
struct ent {
	uint64_t pc;
	uint64_t n;
	uint32_t insn;
};
static struct ent *tab;
static bool on = true;

static struct ent *slot(uint64_t pc)
{
	uint32_t h = (uint32_t)((pc >> 2) * 2654435761u) & (HN - 1);
	while (tab[h].pc && tab[h].pc != pc)
		h = (h + 1) & (HN - 1);
	tab[h].pc = pc;
	return &tab[h];
}

static void hit(unsigned int v, void *u)
{
	(void)v;
	if (on)
		((struct ent *)u)->n++;
}

static void report(const char *why)
{
	char b[200];
	snprintf(b, sizeof b, "elcount %s: el0 %" PRIu64 " el1 %" PRIu64 "\n", why,
		 qemu_plugin_u64_sum(el0), qemu_plugin_u64_sum(el1));
	fputs(b, stderr);
	for (int l = 0; classes && l < 2; l++) {
		fprintf(stderr, "elcount %s: el%d", why, l);
		for (int c = 0; c < NCLASS; c++)
			fprintf(stderr, " %s=%" PRIu64, cname[c], qemu_plugin_u64_sum(cls[l][c]));
		fputc('\n', stderr);
	}
}

static void start(unsigned int v, void *u)
{
	(void)u;
	qemu_plugin_u64_set(el0, v, 0);
	qemu_plugin_u64_set(el1, v, 0);
	for (int l = 0; classes && l < 2; l++)
		for (int c = 0; c < NCLASS; c++)
			qemu_plugin_u64_set(cls[l][c], v, 0);
	if (hist) {
		for (uint32_t i = 0; i < HN; i++)
			tab[i].n = 0;
		on = true;
	}
}

static void stop(unsigned int v, void *u)
{
	(void)v, (void)u;
	report("region");
	if (hist && on) {
		FILE *f = fopen(hist, "w");
		for (uint32_t i = 0; f && i < HN; i++)
			if (tab[i].n)
				fprintf(f, "%016" PRIx64 " %" PRIu64 " %08x\n", tab[i].pc, tab[i].n,
					tab[i].insn);
		if (f)
			fclose(f);
	}
	on = false;
}

static void trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(tb, i);
		uint64_t va = qemu_plugin_insn_vaddr(in);
		uint32_t w = 0;
		qemu_plugin_insn_data(in, &w, 4);
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(in, 0, va >> 63 ? el1 : el0, 1);
		if (classes)
			qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
				in, 0, cls[va >> 63][classify(w)], 1);
		if (hist) {
			struct ent *e = slot(va);
			e->insn = w;
			qemu_plugin_register_vcpu_insn_exec_cb(in, hit, 0, e);
		}
		if (w == (0xd503201fu | 0x50u << 5))
			qemu_plugin_register_vcpu_insn_exec_cb(in, start, 0, 0);
		if (w == (0xd503201fu | 0x51u << 5))
			qemu_plugin_register_vcpu_insn_exec_cb(in, stop, 0, 0);
	}
}

static void fini(qemu_plugin_id_t id, void *u)
{
	(void)id, (void)u;
	report("exit");
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "hist=", 5))
			hist = strdup(argv[i] + 5);
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], "classes=1") || !strcmp(argv[i], "classes=on"))
			classes = true;
	if (hist && !(tab = calloc(HN, sizeof *tab)))
		return -1;
	sb = qemu_plugin_scoreboard_new((2 + 2 * NCLASS) * sizeof(uint64_t));
	el0 = (qemu_plugin_u64){ sb, 0 };
	el1 = (qemu_plugin_u64){ sb, 8 };
	for (int l = 0; l < 2; l++)
		for (int c = 0; c < NCLASS; c++)
			cls[l][c] = (qemu_plugin_u64){ sb, 8 * (2 + l * NCLASS + c) };
	qemu_plugin_register_vcpu_tb_trans_cb(id, trans);
	qemu_plugin_register_atexit_cb(id, fini, 0);
	return 0;
}
