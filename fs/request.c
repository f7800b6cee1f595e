/*
 * request.c - see request.h.
 *
 * Comes from open.c and mount_ops.c, before a lock is taken; goes to task/usermode.c, which bounds
 * how many such programs there are at once.  Their arguments and environment are Linux's.
 */
#include "fs/request.h"

#include <stdarg.h>

#include "abi/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "task/usermode.h"
#include "task/wait.h"

#define ALIAS_SIZE 56 /* Linux's MODULE_NAME_LEN */

uint32_t modules_disabled;

static struct mutex path_lock = MUTEX_INIT(path_lock);
static char modprobe_path[MODPROBE_PATH_SIZE] = "/sbin/modprobe"; /* path_lock */

void modprobe_get_path(char path[MODPROBE_PATH_SIZE])
{
	mutex_lock(&path_lock);
	strlcpy(path, modprobe_path, MODPROBE_PATH_SIZE);
	mutex_unlock(&path_lock);
}

void modprobe_set_path(const char *path)
{
	mutex_lock(&path_lock);
	strlcpy(modprobe_path, path, sizeof(modprobe_path));
	mutex_unlock(&path_lock);
}

static int run_modprobe(const char *name)
{
	static const char *const envp[] = { "HOME=/", "TERM=linux",
					    "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL };
	char path[MODPROBE_PATH_SIZE];
	const char *const argv[] = { path, "-q", "--", name, NULL };

	modprobe_get_path(path);
	return path[0] ? usermode_run(path, argv, envp) : -ENOENT;
}

int request_module(const char *fmt, ...)
{
	char name[ALIAS_SIZE];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	return len < 0 || len >= (int)sizeof(name) ? -ENAMETOOLONG : run_modprobe(name);
}
