/*
 * init.c - PID 1, from a kernel task to the first program.
 *
 * As Linux does it: words of the command line that the kernel does not know go to init, those with '=' into its environment, the
 * others, and all after "--", as arguments; words with a '.' are some module's and are dropped.
 */
#include "el1/init.h"

#include "abi/errno.h"
#include "arm/stretch.h"
#include "el1/sys_exec.h"
#include "fs/dev.h"
#include "fs/file.h"
#include "fs/initrd.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/panic.h"
#include "log/printk.h"
#include "mm/memmap.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "task/task.h"

#define WORDS_MAX 32 /* Linux's CONFIG_INIT_ENV_ARG_LIMIT */

static struct {
	const char *cmdline;
	struct initrd initrd;
	const char *argv[WORDS_MAX + 2], *envp[WORDS_MAX + 2];
	unsigned int argc, envc;
} init; /* PID 1's, before it is a program */

/* What the kernel itself takes from its command line. */
static const char *const known[] = { "console", "debug",  "earlycon", "ignore_loglevel",
				     "init",	"initrd", "loglevel", "nokaslr",
				     "panic",	"quiet",  "rdinit",   "ro",
				     "root",	"rw",	  "trace" };

static bool is_known(const struct cmdline_word *w)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (cmdline_is(w, known[i]))
			return true;
	return memchr(w->key, '.', w->key_len) != NULL;
}

/* A terminated copy of a word, key=value or key alone; kept for ever. */
static const char *word_string(const struct cmdline_word *w)
{
	size_t n = w->key_len + (w->val ? w->val_len + 1 : 0);
	char *s = kmalloc(n + 1);

	if (!s)
		panic("no memory for init's arguments");
	memcpy(s, w->key, w->key_len);
	if (w->val) {
		s[w->key_len] = '=';
		memcpy(s + w->key_len + 1, w->val, w->val_len);
	}
	s[n] = 0;
	return s;
}

static void add_word(const struct cmdline_word *w, bool all)
{
	if (!all && is_known(w))
		return;
	if (w->val && !all && init.envc < WORDS_MAX)
		init.envp[init.envc++] = word_string(w);
	else if ((!w->val || all) && init.argc < WORDS_MAX)
		init.argv[init.argc++] = word_string(w);
}

static void collect_words(void)
{
	const char *line = init.cmdline;
	struct cmdline_word w;
	bool all = false;

	init.argc = 1; /* argv[0] is the program's name */
	init.envp[init.envc++] = "HOME=/";
	init.envp[init.envc++] = "TERM=linux";
	while (cmdline_next(&line, &w))
		if (!all && w.key_len == 2 && !memcmp(w.key, "--", 2))
			all = true;
		else
			add_word(&w, all);
}

static void unpack_initrd(void)
{
	if (!init.initrd.size) {
		initrd_unpack(embedded_initrd_start,
			      (size_t)(embedded_initrd_end - embedded_initrd_start));
		return;
	}
	initrd_unpack(phys_to_virt(init.initrd.pa), init.initrd.size);
	memmap_release(init.initrd.pa, init.initrd.size);
}

/* Executes @path; returns only when that failed, with -errno. */
static int try_exec(const char *path)
{
	init.argv[0] = path;
	return exec_kernel(path, init.argv, init.envp);
}

static const char *exec_error(int err)
{
	static char number[24];

	switch (err) {
	case -ENOENT: return "ENOENT, no such file in the initrd";
	case -ENOEXEC: return "ENOEXEC, exec format error: not a program for AArch64";
	case -EACCES: return "EACCES, permission denied: not an executable file";
	case -ENOMEM: return "ENOMEM, not enough memory";
	default: snprintf(number, sizeof(number), "error %d", err); return number;
	}
}

static void init_main(void *arg)
{
	const char *path = "/init";
	struct cmdline_word w;
	char name[256];
	int err;

	(void)arg;
	unpack_initrd();
	dev_populate();
	err = files_init_console(current);
	if (err)
		panic("no console for init: error %d", -err);
	collect_words();
	if ((cmdline_find(init.cmdline, "init", &w) || cmdline_find(init.cmdline, "rdinit", &w)) &&
	    w.val) {
		snprintf(name, sizeof(name), "%.*s", (int)w.val_len, w.val);
		path = name;
	}
	err = try_exec(path);
	if (!err) {
		stretch_begin();
		return; /* to EL0 */
	}
	panic("no init: %s cannot be executed: %s", path, exec_error(err));
}

void init_start(const char *cmdline, const struct initrd *initrd)
{
	struct task *t;

	init.cmdline = cmdline;
	init.initrd = *initrd;
	t = task_create_init(init_main, NULL);
	if (!t)
		panic("no memory for the first task");
	task_start(t);
}
