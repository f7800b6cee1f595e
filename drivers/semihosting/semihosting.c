/*
 * semihosting.c - SYS_EXIT, for tests that want an exit status of QEMU; a file of the host's.
 * Invariant: the trap instruction is executed only if the command line asked for it.
 */
#include "drivers/semihosting/semihosting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/errno.h"
#include "lib/parse.h"
#include "lib/string.h"

#define SYS_OPEN		    0x01
#define SYS_CLOSE		    0x02
#define SYS_WRITE		    0x05
#define SYS_EXIT		    0x18
#define OPEN_WB			    5 /* as fopen(3)'s "wb" */
#define ADP_Stopped_ApplicationExit 0x20026

static bool enabled;

void semihosting_init(const char *cmdline)
{
	struct cmdline_word word;

	enabled = cmdline_find(cmdline, "newel.semihosting", &word);
}

/* The emulator reads @block, and what it points to, through this core's translation tables. */
static long semihosting_call(uint64_t op, const uint64_t *block)
{
	register uint64_t x0 __asm__("x0") = op;
	register const uint64_t *x1 __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return (long)x0;
}

void semihosting_exit(int status)
{
	uint64_t block[2] = { ADP_Stopped_ApplicationExit, (uint64_t)status };

	if (enabled)
		semihosting_call(SYS_EXIT, block);
}

/* ---- a file of the host's ---- */

static struct {
	char path[256]; /* the file's name; "": there is none */
} host;

bool semihosting_has_file(const char *cmdline)
{
	struct cmdline_word word;

	if (!cmdline_find(cmdline, "newel.hostfile", &word) || !word.val_len ||
	    word.val_len >= sizeof(host.path))
		return false;
	memcpy(host.path, word.val, word.val_len);
	return true;
}

int semihosting_open(void)
{
	uint64_t block[3] = { (uintptr_t)host.path, OPEN_WB, strlen(host.path) };
	long handle = host.path[0] ? semihosting_call(SYS_OPEN, block) : -1;

	return handle < 0 || handle > INT32_MAX ? -EIO : (int)handle;
}

long semihosting_write(int handle, const void *buf, size_t n)
{
	uint64_t block[3] = { (uint64_t)handle, (uintptr_t)buf, n };
	long left = semihosting_call(SYS_WRITE, block); /* what it did not take */

	if (left < 0 || (size_t)left >= n)
		return -EIO;
	return (long)(n - (size_t)left);
}

void semihosting_close(int handle)
{
	uint64_t block[1] = { (uint64_t)handle };

	semihosting_call(SYS_CLOSE, block);
}
