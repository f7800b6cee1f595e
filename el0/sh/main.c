/*
 * main.c - the small shell: sh, sh FILE [ARGUMENT...], sh -c TEXT [NAME ARGUMENT...].
 */
#include "abi/fcntl.h"
#include "abi/termios.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/sh/sh.h"

struct shell shell;

void *must(void *p)
{
	if (!p) {
		dprintf(2, "sh: out of memory\n");
		svc_exit_group(2);
	}
	return p;
}

/* Text that grows by lines. */
struct text {
	char *s;
	size_t len, cap;
};

static void text_add(struct text *t, char c)
{
	if (t->len + 1 >= t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->s = must(realloc(t->s, t->cap));
	}
	t->s[t->len++] = c;
	t->s[t->len] = '\0';
}

/* Where lines come from: a descriptor, or a string if fd is -1. */
struct source {
	int fd;
	const char *string;
};

/*
 * One byte at a time, because what is behind the line is for the programs that read the same
 * descriptor.
 */
static bool next_char(struct source *s, char *c)
{
	if (s->fd >= 0)
		return svc_read(s->fd, c, 1) == 1;
	*c = *s->string;
	return *c && s->string++;
}

/* Add one line with its newline to @t; false at the end of input. */
static bool add_line(struct source *s, struct text *t)
{
	bool any = false;
	char c;

	while (next_char(s, &c)) {
		any = true;
		if (c)
			text_add(t, c);
		if (c == '\n')
			break;
	}
	return any;
}

static void prompt(const char *text)
{
	if (shell.interactive)
		write_all(1, text, strlen(text));
}

/* Read lines until they make sense, and run them; false at the end of input. */
static bool run_next(struct source *s)
{
	struct text t = { 0 };
	struct token *tokens = NULL;
	bool more;

	prompt("newel$ ");
	while ((more = add_line(s, &t))) {
		const char *error = NULL;

		tokens = lex(t.s, &error);
		if (tokens)
			break;
		prompt("> ");
	}
	if (tokens) {
		run_tokens(tokens);
	} else if (t.len) {
		dprintf(2, "sh: a quote is open at the end\n");
		shell.status = 2;
	} else {
		prompt("\n");
	}
	tokens_free(tokens);
	free(t.s);
	return more && !shell.exiting;
}

static void be_interactive(void)
{
	shell.interactive = true;
	ignore_signal(SIGINT);
	ignore_signal(SIGQUIT);
}

int main(int argc, char **argv)
{
	struct source source = { .fd = 0 };
	struct termios tio;

	vars_from_environ();
	shell.argc = argc;
	shell.argv = argv;
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		source = (struct source){ -1, argv[2] };
		shell.argc = argc > 3 ? argc - 3 : 1;
		shell.argv += argc > 3 ? 3 : 0;
	} else if (argc > 1) {
		source.fd = open(argv[1], O_RDONLY | O_CLOEXEC, 0);
		if (source.fd < 0) {
			dprintf(2, "sh: %s: %s\n", argv[1], strerror(source.fd));
			return 127;
		}
		shell.argc--;
		shell.argv++;
	} else if (svc_ioctl(0, TCGETS, &tio) == 0) {
		be_interactive();
	}
	while (run_next(&source))
		;
	return shell.status;
}
