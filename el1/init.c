/*
 * init.c - PID 1, from a kernel task to the first program.
 *
 * As Linux does it: words of the command line that the kernel does not know go to init, those with
 * '=' into its environment, the others, and all after "--", as arguments; words with a '.' are some
 * module's and are dropped.
 */
#include "el1/init.h"
#include "el1/tracefiles.h"
#include "fs/blockdev/blockdev.h"
#include "fs/open.h"

#include "fs/devtmpfs.h"
#include "fs/initrd.h"
#include "fs/root.h"
#include "fs/walk.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/words.h"
#include "mm/slab.h"
#include "task/exec.h"
#include "task/init.h"

#define WORDS_MAX 32 /* Linux's CONFIG_INIT_ENV_ARG_LIMIT */
#define ENV_OWN	  2  /* of the environment, not from the command line */

static struct {
	const char *cmdline;
	struct initrd initrd;
	const char *argv[WORDS_MAX + 2], *envp[WORDS_MAX + 2];
	unsigned int argc, envc;
} init; /* PID 1's, before it is a program */

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

/* Where in init.envp a word named like @w is, or is to be. */
static unsigned int env_index(const struct cmdline_word *w)
{
	unsigned int i = 0;

	while (i < init.envc &&
	       (strncmp(init.envp[i], w->key, w->key_len) || init.envp[i][w->key_len] != '='))
		i++;
	return i;
}

/*
 * Words before init= are not meant for that program ("auto", of an old loader): Linux drops them.
 */
static bool names_init(const struct cmdline_word *w)
{
	return w->val && (cmdline_is(w, "init") || cmdline_is(w, "rdinit"));
}

static void add_argument(const struct cmdline_word *w)
{
	if (init.argc < WORDS_MAX)
		init.argv[init.argc++] = word_string(w);
}

static void add_unknown(const struct cmdline_word *w)
{
	unsigned int i = w->val ? env_index(w) : 0;

	if (!w->val)
		add_argument(w);
	else if (i < WORDS_MAX)
		init.envp[i] = word_string(w);
	init.envc = max(init.envc, w->val && i < WORDS_MAX ? i + 1 : 0);
}

/*
 * The line that Linux logs about words it does not know: first those that became arguments, then
 * those that went into the environment.
 */
static void tell_unknown(void)
{
	size_t size = 1, n = 0;
	char *s;

	for (unsigned int i = 1; i < init.argc; i++)
		size += strlen(init.argv[i]) + 1;
	for (unsigned int i = ENV_OWN; i < init.envc; i++)
		size += strlen(init.envp[i]) + 1;
	/* Only a line in the log: without memory it is left out. */
	s = size > 1 ? kmalloc(size) : NULL;
	if (!s)
		return;
	for (unsigned int i = 1; i < init.argc; i++)
		n += (size_t)snprintf(s + n, size - n, " %s", init.argv[i]);
	for (unsigned int i = ENV_OWN; i < init.envc; i++)
		n += (size_t)snprintf(s + n, size - n, " %s", init.envp[i]);
	pr_notice("Unknown kernel command line parameters \"%s\", will be passed to user space.\n",
		  s + 1);
	kfree(s);
}

static void collect_words(void)
{
	const char *line = init.cmdline;
	struct cmdline_word w;
	bool more;

	init.argc = 1; /* argv[0] is the program's name */
	init.envp[init.envc++] = "HOME=/";
	init.envp[init.envc++] = "TERM=linux";
	while ((more = cmdline_next(&line, &w)) && !(w.key_len == 2 && !memcmp(w.key, "--", 2)))
		if (names_init(&w))
			init.argc = 1;
		else if (!word_is_ours(&w))
			add_unknown(&w);
	tell_unknown();
	while (more && cmdline_next(&line, &w))
		add_argument(&w);
}

static void unpack_initrd(void)
{
	if (!init.initrd.size && root_is_wanted(init.cmdline))
		return; /* the root is on a disk: nothing is missed */
	if (!init.initrd.size) {
		initrd_unpack(embedded_initrd_start,
			      (size_t)(embedded_initrd_end - embedded_initrd_start));
		return;
	}
	initrd_unpack(phys_to_virt(paddr_of(init.initrd.pa)), init.initrd.size);
	/* The archive's pages are free memory from here on: nothing points into it any more. */
	page_release(init.initrd.pa, init.initrd.size);
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
	case -ENOENT: return "ENOENT, no such file";
	case -ENOEXEC: return "ENOEXEC, exec format error: not a program for AArch64";
	case -EACCES: return "EACCES, permission denied: not an executable file";
	case -ENOMEM: return "ENOMEM, not enough memory";
	default: snprintf(number, sizeof(number), "error %d", err); return number;
	}
}

/* The program that the word @key of the command line names, kept for ever; or NULL. */
static const char *program_word(const char *key)
{
	struct cmdline_word w;

	if (!cmdline_find(init.cmdline, key, &w) || !w.val)
		return NULL;
	w.key_len = w.val_len;
	w.key = w.val;
	w.val = NULL;
	return word_string(&w);
}

static bool is_there(const char *path)
{
	struct path p;

	if (path_lookup(AT_FDCWD, path, WALK_FOLLOW, NULL, &p))
		return false;
	path_put(&p);
	return true;
}

/*
 * Linux's order: the initrd's program; where it has none the root is on a disk, if root= says
 * which, and init= is of that one.  Returns when a program has been executed.
 */
static void exec_init(void)
{
	static const char *const usual[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	bool disk = root_is_wanted(init.cmdline);
	const char *path = program_word("rdinit"), *asked = program_word("init");
	int err;

	if (!path)
		path = asked && !disk ? asked : "/init";
	if (disk && !is_there(path)) {
		root_mount_disk(init.cmdline);
		for (size_t i = 0; !asked && i < ARRAY_SIZE(usual); i++)
			if (!try_exec(usual[i]))
				return;
		path = asked ? asked : usual[0];
	}
	err = try_exec(path);
	if (err)
		panic("no init: %s cannot be executed: %s", path, exec_error(err));
}

static void init_main(void *arg)
{
	int err;

	(void)arg;
	unpack_initrd();
	dev_populate();
	blockdev_start();
	err = vfs_open_console();
	if (err)
		panic("no console for init: error %d", -err);
	collect_words();
	exec_init();
	/* To EL0.  Bring-up is over, and is not measured. */
	stretch_begin();
}

void init_start(const char *cmdline, const struct initrd *initrd)
{
	struct task *t;

	init.cmdline = cmdline;
	init.initrd = *initrd;
	t = task_create_init(init_main, NULL);
	if (!t)
		panic("no memory for the first task");
	tracefiles_start();
	/* Last: it may run on another core at once, and reads what is stored above. */
	task_wake(t);
}
