/*
 * cpu.c - a vCPU: it runs until the guest does what the kernel does not do for it.
 */
#include "el0/lib/process.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/vm.h"

#define KICK	     SIGUSR1 /* caught: KVM_RUN ends with -EINTR */
#define PRIMECELL_ID 0xfe0u  /* and on: eight registers */

long vcpu_reg(struct vcpu *cpu, unsigned long get_or_set, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg reg = { id, (uint64_t)value };

	return svc_ioctl(cpu->fd, get_or_set, &reg);
}

/* The end of the guest, and what it was at. */
static void give_up(struct vcpu *cpu, const char *why, uint64_t value)
{
	static const uint64_t ids[] = { VCPU_REG(pc), VCPU_REG(regs[30]), VCPU_REG(pstate) };
	uint64_t at[3] = { 0 };

	for (int i = 0; i < 3; i++)
		vcpu_reg(cpu, KVM_GET_ONE_REG, ids[i], &at[i]);
	vm_say("cpu %u: %s (0x%lx); pc 0x%lx, lr 0x%lx, pstate 0x%lx", cpu->id, why, value, at[0],
	       at[1], at[2]);
	vm_stop(cpu->vm, VM_FAILED);
}

static const char *reg_name(const struct mmio *m, uint32_t at)
{
	const struct mmio_reg *r = m->regs;

	while (at >= r[1].at)
		r++;
	return at - r->at < 4 || r[1].at == ~0u ? r->name : "?";
}

static void tell_access(const struct vcpu *cpu, const struct mmio *m, uint64_t value)
{
	uint64_t addr = cpu->run->mmio.phys_addr;
	uint32_t n = cpu->run->mmio.len;

	vm_say("cpu %u: %s %u byte%s at 0x%lx (%s %s): 0x%lx", cpu->id,
	       cpu->run->mmio.is_write ? "writes" : "reads", n, n == 1 ? "" : "s", addr,
	       m ? m->name : "nothing", m ? reg_name(m, (uint32_t)(addr - m->base)) : "there",
	       value);
}

static uint64_t mmio_read(struct mmio *m, uint32_t at, uint32_t n)
{
	if (m->id && at >= PRIMECELL_ID)
		return m->id >> 2 * ((at - PRIMECELL_ID) & ~3u) & 0xff;
	return m->read(m, at, n);
}

/* Where nothing is, reads are zero and writes are lost. */
static void serve_mmio(struct vcpu *cpu)
{
	uint64_t addr = cpu->run->mmio.phys_addr, value = 0;
	uint32_t n = cpu->run->mmio.len;
	struct mmio *m = NULL;

	if (n > sizeof(value))
		return;
	for (unsigned int i = 0; i < cpu->vm->nr_mmio && !m; i++)
		if (addr - cpu->vm->mmio[i]->base <= VM_MMIO_SIZE - n)
			m = cpu->vm->mmio[i];
	if (cpu->run->mmio.is_write) {
		memcpy(&value, cpu->run->mmio.data, n);
		if (m)
			m->write(m, (uint32_t)(addr - m->base), n, value);
	} else {
		value = m ? mmio_read(m, (uint32_t)(addr - m->base), n) : 0;
		memcpy(cpu->run->mmio.data, &value, n);
	}
	if (cpu->vm->trace)
		tell_access(cpu, m, value);
}

static void serve_event(struct vcpu *cpu, uint32_t type)
{
	bool reset = type == KVM_SYSTEM_EVENT_RESET;

	if (!reset && type != KVM_SYSTEM_EVENT_SHUTDOWN) {
		give_up(cpu, "asks for an event that this program does not serve", type);
		return;
	}
	if (cpu->vm->trace)
		vm_say("cpu %u: asks for %s", cpu->id, reset ? "a reset" : "power off");
	vm_stop(cpu->vm, reset ? VM_RESET : VM_OFF);
}

static void serve_exit(struct vcpu *cpu)
{
	struct kvm_run *run = cpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_MMIO: serve_mmio(cpu); break;
	case KVM_EXIT_SYSTEM_EVENT: serve_event(cpu, run->system_event.type); break;
	case KVM_EXIT_INTR: break;
	case KVM_EXIT_INTERNAL_ERROR:
		give_up(cpu, "the kernel met what it cannot emulate", run->internal.suberror);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		give_up(cpu, "the processor refused to enter the guest",
			run->fail_entry.hardware_entry_failure_reason);
		break;
	default: give_up(cpu, "an exit that is not served", run->exit_reason);
	}
}

static const char *run_error(long err)
{
	switch (err) {
	case -ENOSYS: return "an access outside memory, by an instruction that is not emulated";
	case -EFAULT: return "memory that is not there";
	case -ENOMEM: return "the machine is out of memory: give guests less by -m";
	default: return strerror(err);
	}
}

static void run_vcpu(void *arg)
{
	struct vcpu *cpu = arg;
	long err;

	while (__atomic_load_n(&cpu->vm->end, __ATOMIC_ACQUIRE) == VM_RUNS) {
		err = svc_ioctl(cpu->fd, KVM_RUN, NULL);
		if (!err)
			serve_exit(cpu);
		else if (err != -EINTR && err != -EAGAIN)
			give_up(cpu, run_error(err), (uint64_t)-err);
	}
}

static void be_kicked(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig, (void)info, (void)uc;
}

int vcpu_start(struct vcpu *cpu)
{
	int err = catch_signal(KICK, be_kicked, 0);

	return err ?: thread_run(&cpu->thread, run_vcpu, cpu);
}

void vcpu_stop(struct vcpu *cpu)
{
	uint32_t tid = __atomic_load_n(&cpu->thread.tid, __ATOMIC_ACQUIRE);

	/* The byte for the entry that comes, the signal for the guest that runs. */
	if (cpu->run)
		__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (tid)
		svc_tgkill((int)svc_getpid(), (int)tid, KICK);
	thread_await(&cpu->thread);
}
