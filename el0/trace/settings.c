/*
 * settings.c - see settings.h.
 */
#include "el0/trace/settings.h"

#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

#define FOLDER "/sys/kernel/newel/trace/"

static struct {
	char *name, *before; /* what it said before it was put first */
} settings[SETTINGS_MAX];
static unsigned int count;

static int open_setting(const char *name, unsigned int flags)
{
	char path[sizeof(FOLDER) + 64];

	if (strchr(name, '/') || strlen(name) > 64)
		return -EINVAL;
	snprintf(path, sizeof(path), FOLDER "%s", name);
	return open(path, flags | O_CLOEXEC, 0);
}

static long read_setting(const char *name, char *buf, size_t size)
{
	int fd = open_setting(name, O_RDONLY);
	long n = fd < 0 ? fd : svc_read(fd, buf, size - 1);

	if (fd >= 0)
		svc_close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

/* Nothing is an empty line: a write(2) of no bytes does nothing. */
static int write_setting(const char *name, const char *text)
{
	const char *said = *text ? text : "\n";
	int fd = open_setting(name, O_WRONLY);
	long n = fd < 0 ? fd : svc_write(fd, said, strlen(said));

	if (fd >= 0)
		svc_close(fd);
	return n < 0 ? (int)n : 0;
}

bool settings_has(const char *name)
{
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(settings[i].name, name) == 0)
			return true;
	return false;
}

/* Of a file that can only be written (clear) there is nothing to keep. */
static int keep_setting(const char *name)
{
	static char before[4096];

	if (settings_has(name) || read_setting(name, before, sizeof(before)) < 0)
		return 0;
	if (count == SETTINGS_MAX)
		return -E2BIG;
	settings[count].name = strdup(name);
	settings[count].before = strdup(before);
	if (!settings[count].name || !settings[count].before)
		return -ENOMEM;
	count++;
	return 0;
}

int settings_try(const char *name, const char *text)
{
	int err = keep_setting(name);

	return err ? err : write_setting(name, text);
}

int settings_put(const char *name, const char *text)
{
	int err = settings_try(name, text);

	if (err)
		dprintf(2, "trace: %s%s: \"%s\": %s\n", FOLDER, name, text, strerror(err));
	return err;
}

int settings_option(const char *option)
{
	char *name = strdup(option), *text = name ? strchr(name, '=') : NULL;
	int err = -EINVAL;

	if (text) {
		*text++ = '\0';
		err = settings_put(name, text);
	} else {
		dprintf(2, "trace: -f %s: it is NAME=TEXT\n", option);
	}
	free(name);
	return err;
}

void settings_restore(void)
{
	while (count) {
		int err = write_setting(settings[count - 1].name, settings[count - 1].before);

		count--;
		if (err)
			dprintf(2, "trace: %s%s is not as it was: %s\n", FOLDER,
				settings[count].name, strerror(err));
	}
}
