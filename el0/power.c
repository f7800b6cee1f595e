/*
 * power.c - poweroff, reboot and halt: reboot(2) with the command that the program's own name says.
 */
#include "abi/reboot.h"
#include "el0/lib/stdio.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

int main(int argc __attribute__((unused)), char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	uint32_t cmd = LINUX_REBOOT_CMD_POWER_OFF;
	long err;

	if (strcmp(name, "reboot") == 0)
		cmd = LINUX_REBOOT_CMD_RESTART;
	else if (strcmp(name, "halt") == 0)
		cmd = LINUX_REBOOT_CMD_HALT;
	svc_sync();
	err = svc_reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, cmd, NULL);
	dprintf(2, "%s: %s\n", name, strerror(err));
	return 1;
}
