/*
 * memory.c - memory that is not this program's, or not for this use: the MMU says no, the kernel
 * says SIGSEGV.
 */
#include "abi/mman.h"
#include "abi/signal.h"
#include "el0/demos/demos.h"
#include "el0/lib/syscall.h"

static void load(uintptr_t addr)
{
	uint64_t v;

	__asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(addr) : "memory");
}

static void store(uintptr_t addr)
{
	__asm__ volatile("str xzr, [%0]" : : "r"(addr) : "memory");
}

static void jump(uintptr_t addr)
{
	__asm__ volatile("blr %0" : : "r"(addr) : "x30", "memory");
}

static void read_kernel(void)
{
	load(KERNEL_ADDRESS);
}

const struct demo demo_read_kernel = { "read_kernel", "reads kernel memory", SIGSEGV, 0,
				       read_kernel };

static void write_kernel(void)
{
	store(KERNEL_ADDRESS);
}

const struct demo demo_write_kernel = { "write_kernel", "writes kernel memory", SIGSEGV, 0,
					write_kernel };

static void jump_kernel(void)
{
	jump(KERNEL_ADDRESS);
}

const struct demo demo_jump_kernel = { "jump_kernel", "jumps to a kernel address", SIGSEGV, 0,
				       jump_kernel };

static void read_null(void)
{
	load(0);
}

const struct demo demo_read_null = { "read_null", "follows a null pointer", SIGSEGV, 0, read_null };

static void read_gap(void)
{
	load(0x00ff000000000000UL); /* between the lower and the upper half */
}

const struct demo demo_read_gap = { "read_gap", "reads where no translation table can reach",
				    SIGSEGV, 0, read_gap };

static const uint64_t constant[2] = { 1, 2 };

static void write_rodata(void)
{
	store((uintptr_t)constant);
}

const struct demo demo_write_rodata = { "write_rodata", "writes its own read-only data", SIGSEGV, 0,
					write_rodata };

static void write_text(void)
{
	store((uintptr_t)write_rodata & ~7UL);
}

const struct demo demo_write_text = { "write_text", "writes its own code", SIGSEGV, 0, write_text };

#define RET 0xd65f03c0 /* the instruction ret: if it can be executed at all, nothing happens */

static void exec_stack(void)
{
	volatile uint32_t code[1] = { RET };

	jump((uintptr_t)code);
}

const struct demo demo_exec_stack = { "exec_stack", "executes code on its stack", SIGSEGV, 0,
				      exec_stack };

static void exec_heap(void)
{
	long p = svc_mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p < 0)
		demo_fails("mmap failed");
	*(volatile uint32_t *)p = RET;
	jump((uintptr_t)p);
}

const struct demo demo_exec_heap = { "exec_heap", "executes code in writable memory", SIGSEGV, 0,
				     exec_heap };
