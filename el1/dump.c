/*
 * dump.c - an exception that could not be handled, printed whole: el1/panic.c calls it when the
 * other cores have stopped.
 *
 * Invariant: nothing that is looked at is trusted.  Stacks, tables, code and the current task are
 * read through el1/probe.h, and every walk has an end.
 */
#include "el1/dump.h"
#include "el1/dump_tables.h"

#include "arm/percpu.h"
#include "el1/probe.h"
#include "kvm/kvm.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "log/taint.h"
#include "log/version.h"
#include "mm/page.h"
#include "task/task.h"
#include "trace/esr.h"
#include "trace/names.h"

void dump_symbol(char *buf, size_t n, uintptr_t va)
{
	ksym_describe(buf, n, va, 0);
}

/* ---- the syndrome -------------------------------------------------------------------------- */

static unsigned int ec_of(const struct trapframe *tf)
{
	return ESR_EC(tf->esr);
}

static bool is_data_abort(const struct trapframe *tf)
{
	return ec_of(tf) == ESR_EC_DABT_LOW || ec_of(tf) == ESR_EC_DABT_CUR;
}

static bool is_fetch_abort(const struct trapframe *tf)
{
	return ec_of(tf) == ESR_EC_IABT_LOW || ec_of(tf) == ESR_EC_IABT_CUR;
}

static const char *permission_reason(const struct trapframe *tf)
{
	bool user = tf->far < USER_TOP;

	if (is_fetch_abort(tf))
		return user ? "execution of user memory" : "execute from non-executable memory";
	if (user)
		return "access to user memory outside uaccess routines";
	return tf->esr & ESR_DABT_WnR ? "write to read-only memory" : "read from unreadable memory";
}

const char *dump_fault_reason(const struct trapframe *tf)
{
	if (!is_data_abort(tf) && !is_fetch_abort(tf))
		return NULL;
	if (ESR_FSC_TYPE(tf->esr) == ESR_FSC_PERMISSION)
		return permission_reason(tf);
	if (ESR_FSC(tf->esr) == ESR_FSC_ALIGNMENT)
		return "unaligned access";
	if (ESR_FSC_EXT(tf->esr))
		return esr_fault_status(ESR_FSC(tf->esr));
	if (tf->far < PAGE_SIZE)
		return "NULL pointer dereference";
	return "paging request";
}

static unsigned int dump_field(uint64_t esr, unsigned int low, unsigned int width)
{
	return (esr >> low) & ((1u << width) - 1);
}

static void dump_data_abort(uint64_t esr)
{
	pr_alert("Data abort info:");
	if (dump_field(esr, 24, 1)) {
		pr_alert("  Access size = %u byte(s)", 1u << dump_field(esr, 22, 2));
		pr_alert("  SSE = %u, SRT = %u", dump_field(esr, 21, 1), dump_field(esr, 16, 5));
		pr_alert("  SF = %u, AR = %u", dump_field(esr, 15, 1), dump_field(esr, 14, 1));
	} else {
		pr_alert("  ISV = 0, ISS = 0x%08x, ISS2 = 0x%08x", dump_field(esr, 0, 24),
			 dump_field(esr, 32, 24));
	}
	pr_alert("  CM = %u, WnR = %u, TnD = %u, TagAccess = %u", dump_field(esr, 8, 1),
		 dump_field(esr, 6, 1), dump_field(esr, 42, 1), dump_field(esr, 41, 1));
	pr_alert("  GCS = %u, Overlay = %u, DirtyBit = %u, Xs = %u", dump_field(esr, 40, 1),
		 dump_field(esr, 38, 1), dump_field(esr, 37, 1), dump_field(esr, 32, 5));
}

static void dump_abort(const struct trapframe *tf)
{
	uint64_t esr = tf->esr;

	pr_alert("Mem abort info:");
	pr_alert("  ESR = 0x%016lx", esr);
	pr_alert("  EC = 0x%02x: %s, IL = %u bits", ec_of(tf), esr_class(esr),
		 esr & ESR_IL ? 32 : 16);
	pr_alert("  SET = %u, FnV = %u", dump_field(esr, 11, 2), dump_field(esr, 10, 1));
	pr_alert("  EA = %u, S1PTW = %u", dump_field(esr, 9, 1), dump_field(esr, 7, 1));
	pr_alert("  FSC = 0x%02x: %s", (unsigned int)ESR_FSC(esr), esr_fault_status(ESR_FSC(esr)));
	if (is_data_abort(tf))
		dump_data_abort(esr);
}

/* ---- who ----------------------------------------------------------------------------------- */

/* Whether @t can be read; what x18 holds in a panic may be anything. */
static bool task_is_readable(const struct task *t)
{
	uint64_t v;

	return probe_u64((uintptr_t)t, &v) &&
	       probe_u64(ALIGN_DOWN((uintptr_t)t + sizeof(*t) - 1, 8), &v);
}

/* A guest, if @task is in KVM_RUN: as it was when it came up last. */
static void dump_guest(const struct task *task)
{
	const struct kvm_vcpu *v = READ_ONCE(task->vcpu);
	const struct el2_vcpu *c;
	uint64_t ctx, vm, number, word;

	if (!v)
		return;
	if (!probe_u64((uintptr_t)&v->ctx, &ctx) || !probe_u64((uintptr_t)ctx, &word) ||
	    !probe_u64((uintptr_t)&v->vm, &vm) ||
	    !probe_u64((uintptr_t)vm + offsetof(struct kvm_vm, number), &number)) {
		pr_emerg("Guest: of vcpu %p, which cannot be read", (const void *)v);
		return;
	}
	c = v->ctx;
	pr_emerg("Guest: VM %lu, vcpu %u, %s: pc %016lx pstate %08lx", number, v->id,
		 task->in_guest ? "running" : "not running, its task is in KVM_RUN", c->pc,
		 c->pstate);
}

void dump_who(unsigned int cpu, const struct task *task)
{
	char taints[TAINT_WORDS_MAX], names[TAINT_NAMES_MAX];

	taint_words(taints, sizeof(taints), taint_mask());
	if (task_is_readable(task))
		pr_emerg("CPU: %u PID: %d Comm: %.*s %s %s", cpu, task->tid,
			 (int)sizeof(task->comm), task->comm, taints, "newel " NEWEL_VERSION);
	else
		pr_emerg("CPU: %u PID: unknown, current is %p %s", cpu, (const void *)task, taints);
	taint_names(names, sizeof(names), taint_mask());
	if (*names)
		pr_emerg("%s", names);
	if (task_is_readable(task))
		dump_guest(task);
}

/* ---- modules ------------------------------------------------------------------------------- */

#define SECTIONS_MAX 800

void dump_modules(void)
{
	char list[800];

	ksym_list_modules(list, sizeof(list));
	pr_emerg("Modules linked in:%s", list);
}

/* Of @m's sections those that are in this half of its memory, as gdb wants them. */
static int put_sections(char *line, int n, const struct ksym_module *m)
{
	for (size_t i = 0; i < m->nr_sections; i++)
		if (m->sections[i].va - m->base < m->size)
			n += scnprintf(line + n, SECTIONS_MAX - n, " -s %s 0x%lx",
				       m->sections[i].name, m->sections[i].va);
	return n;
}

static void dump_sections(const struct ksym_module *of)
{
	char line[SECTIONS_MAX];
	int n = scnprintf(line, sizeof(line), "add-symbol-file %s.ko", of->name);

	for (const struct ksym_module *m = ksym_modules(); m; m = m->next)
		if (!strcmp(m->name, of->name))
			n = put_sections(line, n, m);
	pr_emerg("%s", line);
}

/* Which place of which file @va is: what the disassembly of the .ko shows. */
static void dump_module_place(uintptr_t va)
{
	const struct ksym_module *m = ksym_module_of(va);
	const struct ksym_section *s = m ? ksym_section_of(m, va) : NULL;

	if (!m)
		return;
	if (s)
		pr_emerg("module %s: %s+0x%lx of %s.ko", m->name, s->name, va - s->va, m->name);
	else
		pr_emerg("module %s: 0x%lx bytes into its memory", m->name, va - m->base);
	dump_sections(m);
}

/* ---- registers ----------------------------------------------------------------------------- */

static void dump_pstate(enum log_level level, uint64_t p)
{
	static const char *const btype[] = { "--", "j-", "-c", "jc" };
#define FLAG(bit, c) (p & (bit) ? (c) - 'a' + 'A' : (c))
#define STATE(bit)   (p & (bit) ? '+' : '-')
	printk(level, "pstate: %08lx (%c%c%c%c %c%c%c%c %cPAN %cUAO %cTCO %cDIT %cSSBS BTYPE=%s)",
	       p, FLAG(PSR_N, 'n'), FLAG(PSR_Z, 'z'), FLAG(PSR_C, 'c'), FLAG(PSR_V, 'v'),
	       FLAG(PSR_D, 'd'), FLAG(PSR_A, 'a'), FLAG(PSR_I, 'i'), FLAG(PSR_F, 'f'),
	       STATE(PSR_PAN), STATE(PSR_UAO), STATE(PSR_TCO), STATE(PSR_DIT), STATE(PSR_SSBS),
	       btype[p >> 10 & 3]);
#undef FLAG
#undef STATE
}

void dump_registers(enum log_level level, const struct trapframe *tf)
{
	char pc[KSYM_TEXT_MAX], lr[KSYM_TEXT_MAX];

	dump_symbol(pc, sizeof(pc), tf->pc);
	dump_symbol(lr, sizeof(lr), tf->x[30]);
	dump_pstate(level, tf->pstate);
	printk(level, "pc : %s", pc);
	printk(level, "lr : %s", lr);
	printk(level, "sp : %016lx", tf->sp);
	for (int i = 29; i >= 0; i -= 3)
		printk(level, "x%-2d: %016lx x%-2d: %016lx x%-2d: %016lx", i, tf->x[i], i - 1,
		       tf->x[i - 1], i - 2, tf->x[i - 2]);
}

/* ---- the way here -------------------------------------------------------------------------- */

/*
 * One line of a backtrace; the same one over and over (a recursion) is printed once, and counted.
 */
struct call_line {
	uintptr_t address;
	size_t times;
	uintptr_t module; /* the first address in the trace that is a module's */
};

static void note_module(struct call_line *l, uintptr_t va)
{
	if (!l->module && ksym_module_of(va))
		l->module = va;
}

/*
 * A return address is behind the call; the name wanted is that of the function which made the call.
 */
static void flush_call(struct call_line *l)
{
	char times[24] = "", symbol[KSYM_TEXT_MAX];

	if (!l->times)
		return;
	if (l->times > 1)
		snprintf(times, sizeof(times), " (%zu times)", l->times);
	ksym_describe(symbol, sizeof(symbol), l->address, 4);
	pr_emerg(" %s%s", symbol, times);
	note_module(l, l->address - 4);
	l->times = 0;
}

static void dump_call(struct call_line *l, uintptr_t return_address)
{
	if (l->times && l->address != return_address)
		flush_call(l);
	l->address = return_address;
	l->times++;
}

/*
 * The other side of the boundary: the frame that the task's entry from EL0 left at the top of its
 * stack.
 */
static void dump_boundary(const struct task *task, uintptr_t fp)
{
	uintptr_t top = (uintptr_t)task->stack;
	const struct trapframe *tf = task_frame(task);
	const char *call;

	/* PC 0: a task on its way to its first program */
	if (task->kernel || fp >= top || top - fp > STACK_SIZE || !frame_from_el0(tf) || !tf->pc)
		return;
	call = tf->syscall >= 0 ? syscall_name(tf->syscall) : NULL;
	pr_emerg(" ---- from EL0: pc %016lx sp %016lx (%s%s) ----", tf->pc, tf->sp,
		 tf->syscall >= 0 ? "system call " : "exception",
		 tf->syscall >= 0 ? (call ? call : "not served") : "");
}

/*
 * A leaf function makes no frame record: its caller is in LR alone.  Elsewhere LR is what the last
 * call left there, an address in the same function, or what the record says anyway.
 */
static bool is_leaf_caller(uintptr_t pc, uintptr_t lr, uintptr_t fp)
{
	const char *here = ksym_lookup(pc, NULL, NULL), *caller = ksym_lookup(lr - 4, NULL, NULL);
	uint64_t saved;

	return caller && caller != here && !(probe_u64(fp + 8, &saved) && saved == lr);
}

/*
 * Is this where an exception from EL1 was handed to C?  Then the next record is in the frame that
 * it saved.
 */
static bool is_el1_entry(uintptr_t lr)
{
	const char *name = ksym_lookup(lr - 4, NULL, NULL);

	return name && (!strcmp(name, "el1_sync") || !strcmp(name, "el1_irq"));
}

/*
 * What was interrupted, by the frame whose x29 lies at @record.  Returns where its records go on;
 * 0: nowhere.
 */
static uintptr_t dump_interrupted(struct call_line *line, uintptr_t record)
{
	uintptr_t frame = record - TF_X(29);
	uint64_t pc, lr, fp;
	char symbol[KSYM_TEXT_MAX];

	if (!probe_u64(frame + TF_PC, &pc) || !probe_u64(frame + TF_X(29), &fp) ||
	    !probe_u64(frame + TF_X(30), &lr))
		return 0;
	flush_call(line);
	dump_symbol(symbol, sizeof(symbol), pc);
	pr_emerg(" ---- from EL%u ----", this_el());
	pr_emerg(" %s", symbol);
	note_module(line, pc);
	if (is_leaf_caller(pc, lr, fp))
		dump_call(line, lr);
	return fp > record ? fp : 0;
}

void dump_backtrace(uintptr_t pc, uintptr_t lr, uintptr_t fp, const struct task *task)
{
	uintptr_t start = fp, last = fp;
	struct call_line line = { 0, 0, 0 };
	char symbol[KSYM_TEXT_MAX];
	uint64_t next;

	pr_emerg("Call trace:");
	dump_symbol(symbol, sizeof(symbol), pc);
	pr_emerg(" %s", symbol);
	note_module(&line, pc);
	if (is_leaf_caller(pc, lr, fp))
		dump_call(&line, lr);
	/*
	 * Records lie ever higher on the stack: a chain that does not ascend is broken, or forged.
	 */
	while (fp - start < STACK_SIZE && probe_u64(fp, &next) && probe_u64(fp + 8, &lr) && lr) {
		dump_call(&line, lr);
		last = fp;
		if (next <= fp)
			break;
		fp = is_el1_entry(lr) ? dump_interrupted(&line, next) : next;
	}
	flush_call(&line);
	if (task_is_readable(task))
		dump_boundary(task, last);
	if (line.module)
		dump_module_place(line.module);
}

static void dump_code(uintptr_t pc)
{
	char line[64];
	uint32_t insn;
	int n = 0;

	for (int i = -4; i <= 0; i++) {
		if (!probe_u32(pc + (uintptr_t)(i * 4), &insn)) {
			n += scnprintf(line + n, sizeof(line) - n, "????????%s", i ? " " : "");
			continue;
		}
		n += scnprintf(line + n, sizeof(line) - n, i ? "%08x " : "(%08x)", insn);
	}
	pr_emerg("Code: %s", line);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static const char *oops_name(const struct trapframe *tf)
{
	switch (ec_of(tf)) {
	case ESR_EC_UNKNOWN: return "Oops - Undefined instruction";
	case ESR_EC_BTI: return "Oops - BTI";
	case ESR_EC_FPAC: return "Oops - FPAC";
	case ESR_EC_ILL: return "Oops - illegal execution state";
	case ESR_EC_PC_ALIGN: return "Oops - PC alignment";
	case ESR_EC_SP_ALIGN: return "Oops - SP alignment";
	case ESR_EC_BRK64: return "Oops - BRK";
	case ESR_EC_SERROR: return "Oops - SError";
	default: return "Oops";
	}
}

void dump_oops(const struct trapframe *tf)
{
	const char *reason = dump_fault_reason(tf);
	char words[ESR_TEXT_MAX];

	if (reason) {
		pr_alert("Unable to handle kernel %s at virtual address %016lx", reason, tf->far);
		dump_abort(tf);
		dump_tables(LOG_ALERT, tf->far);
	}
	esr_describe(words, sizeof(words), tf->esr);
	pr_alert("In words: %s", words);
	pr_emerg("Internal error: %s: %016lx [#1] SMP", oops_name(tf), tf->esr);
	dump_modules();
	dump_who(cpu_id(), current);
	dump_registers(LOG_EMERG, tf);
	dump_backtrace(tf->pc, tf->x[30], tf->x[29], current);
	dump_code(tf->pc);
	pr_emerg("---[ end trace 0000000000000000 ]---");
	/* As on Linux: what is printed of this one does not count it yet. */
	taint_add(TAINT_DIE);
}
