/*
 * run.c - tokens become processes: lists of pipelines of commands.
 *
 * Nothing is built up front: each function runs what it reads, or, where && or || says so, reads it
 * without running.
 */
#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/sh/sh.h"

/* A redirection that a builtin ran under is undone afterwards: where the descriptor was saved. */
#define SAVED_FD      10
#define REDIRECTS_MAX 8

struct command {
	struct words assignments, argv;
	struct {
		int fd;
		const char *how;
		char *target;
	} redirects[REDIRECTS_MAX];
	size_t redirect_count;
};

static bool in_command(const struct token *t)
{
	return t->kind == TOKEN_WORD || t->kind == TOKEN_REDIRECT;
}

static const struct token *syntax_error(const struct token *t)
{
	dprintf(2, "sh: syntax error near %s\n",
		t->text		       ? t->text
		: t->kind == TOKEN_END ? "the end"
				       : "an operator");
	shell.status = 2;
	return NULL;
}

/* Words, assignments and redirections from @t on, expanded; the first token behind, or NULL. */
static const struct token *read_command(const struct token *t, struct command *c)
{
	for (; in_command(t); t++) {
		if (t->kind == TOKEN_REDIRECT) {
			if (t[1].kind != TOKEN_WORD || c->redirect_count == REDIRECTS_MAX)
				return syntax_error(t + 1);
			c->redirects[c->redirect_count].fd = t->fd;
			c->redirects[c->redirect_count].how = t->text;
			c->redirects[c->redirect_count++].target = expand_one(t[1].text);
			t++;
		} else if (c->argv.n == 0 && assignment_name(t->text)) {
			words_add(&c->assignments, expand_one(t->text));
		} else {
			expand(t->text, &c->argv);
		}
	}
	return t;
}

static void free_command(struct command *c)
{
	words_free(&c->assignments);
	words_free(&c->argv);
	for (size_t i = 0; i < c->redirect_count; i++)
		free(c->redirects[i].target);
}

/* 0, or a message and 1.  @save: keep what a descriptor was, at SAVED_FD + i. */
static int apply_redirects(const struct command *c, bool save)
{
	for (size_t i = 0; i < c->redirect_count; i++) {
		const char *how = c->redirects[i].how, *target = c->redirects[i].target;
		int fd = c->redirects[i].fd, from;
		long err;

		if (how[0] == '<')
			from = open(target, O_RDONLY, 0);
		else if (how[1] == '&')
			from = (int)strtol(target, NULL, 10);
		else
			from = open(target,
				    O_WRONLY | O_CREAT | (how[1] == '>' ? O_APPEND : O_TRUNC),
				    0666);
		if (save)
			svc_dup3(fd, SAVED_FD + (int)i, O_CLOEXEC);
		err = from == fd || from < 0 ? from : svc_dup3(from, fd, 0);
		if (from >= 0 && from != fd && how[1] != '&')
			svc_close(from);
		if (err < 0) {
			dprintf(2, "sh: %s: %s\n", target, strerror(err));
			return 1;
		}
	}
	return 0;
}

static void undo_redirects(const struct command *c)
{
	for (size_t i = c->redirect_count; i-- > 0;) {
		if (svc_dup3(SAVED_FD + (int)i, c->redirects[i].fd, 0) < 0)
			svc_close(c->redirects[i].fd);
		svc_close(SAVED_FD + (int)i);
	}
}

static void assign(const struct command *c, bool exported)
{
	for (size_t i = 0; i < c->assignments.n; i++) {
		char *word = c->assignments.v[i];
		size_t n = assignment_name(word);

		word[n] = '\0';
		var_set(word, word + n + 1);
		if (exported)
			var_export(word);
		word[n] = '=';
	}
}

static int run_builtin(builtin_fn fn, const struct command *c)
{
	int status = apply_redirects(c, true);

	if (status == 0)
		status = fn((int)c->argv.n, c->argv.v);
	undo_redirects(c);
	return status;
}

/* In a child: never returns. */
static void become(const struct command *c)
{
	builtin_fn fn;
	int err;

	if (apply_redirects(c, false))
		svc_exit_group(1);
	assign(c, true);
	if (c->argv.n == 0)
		svc_exit_group(0);
	fn = builtin_find(c->argv.v[0]);
	if (fn)
		svc_exit_group(fn((int)c->argv.n, c->argv.v));
	vars_to_environ();
	err = execvp(c->argv.v);
	dprintf(2, "sh: %s: %s\n", c->argv.v[0], err == -ENOENT ? "not found" : strerror(err));
	svc_exit_group(err == -ENOENT ? 127 : 126);
}

/* ^C is for the programs, not for the shell that waits for them. */
static void default_signals(void)
{
	default_signal(SIGINT);
	default_signal(SIGQUIT);
}

/*
 * Start one command of a pipeline with these as its standard input and output; its pid or -errno.
 */
static int start(const struct command *c, int in, int out, int unused, bool background)
{
	int pid = fork();

	if (pid)
		return pid;
	if (!background)
		default_signals();
	if (in > 0) {
		svc_dup3(in, 0, 0);
		svc_close(in);
	}
	if (out != 1) {
		svc_dup3(out, 1, 0);
		svc_close(out);
	}
	if (unused >= 0)
		svc_close(unused);
	become(c);
	return 0;
}

static int status_of(int pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return 127;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) != SIGPIPE)
		dprintf(2, "%s\n", signal_name(WTERMSIG(status)));
	return 128 + WTERMSIG(status);
}

/*
 * One command that is not part of a pipeline and not in the background: builtins run in the shell
 * itself.
 */
static int run_simple(const struct command *c)
{
	builtin_fn fn;
	int pid;

	if (c->argv.n == 0) {
		int failed = run_builtin(builtin_find(":"), c);

		assign(c, false);
		return failed;
	}
	fn = builtin_find(c->argv.v[0]);
	if (fn)
		return run_builtin(fn, c);
	pid = start(c, 0, 1, -1, false);
	if (pid < 0) {
		dprintf(2, "sh: fork: %s\n", strerror(pid));
		return 126;
	}
	return status_of(pid);
}

struct started {
	int pids[64];
	int n;
};

/* Commands joined by |, all started; the token behind, or NULL. */
static const struct token *start_pipeline(const struct token *t, struct started *s, bool background)
{
	int in = background ? open("/dev/null", O_RDONLY, 0) : 0;

	for (;; t++) {
		struct command c = { 0 };
		int fds[2] = { -1, 1 };
		bool more;

		t = read_command(t, &c);
		more = t && t->kind == TOKEN_PIPE;
		if (more && (s->n == 64 || svc_pipe2(fds, 0) < 0))
			more = false;
		if (t)
			s->pids[s->n++] = start(&c, in, fds[1], fds[0], background);
		free_command(&c);
		if (in > 0)
			svc_close(in);
		if (fds[1] != 1)
			svc_close(fds[1]);
		if (!more) {
			if (fds[0] >= 0)
				svc_close(fds[0]);
			return t;
		}
		in = fds[0];
	}
}

static int wait_pipeline(const struct started *s)
{
	int status = 0;

	for (int i = 0; i < s->n; i++)
		status = s->pids[i] < 0 ? 126 : status_of(s->pids[i]);
	return status;
}

/* Where the pipeline that begins at @t ends. */
static const struct token *skip_pipeline(const struct token *t)
{
	while (in_command(t) || t->kind == TOKEN_PIPE || t->kind == TOKEN_NOT)
		t++;
	return t;
}

/* [!] command [| command]…: sets shell.status; the token behind, or NULL. */
static const struct token *run_pipeline(const struct token *t, bool background)
{
	const struct token *end = skip_pipeline(t);
	struct started s = { .n = 0 };
	bool not = t->kind == TOKEN_NOT, piped = false;

	t += not ;
	if (!in_command(t))
		return syntax_error(t);
	for (const struct token *p = t; p < end; p++) {
		if (p->kind == TOKEN_PIPE && !in_command(p + 1))
			return syntax_error(p + 1);
		piped |= p->kind == TOKEN_PIPE;
	}
	if (!piped && !background) {
		struct command c = { 0 };

		end = read_command(t, &c);
		if (end)
			shell.status = run_simple(&c);
		free_command(&c);
	} else {
		end = start_pipeline(t, &s, background);
		if (background) {
			shell.last_background = s.n ? s.pids[s.n - 1] : 0;
			shell.status = 0;
		} else {
			shell.status = wait_pipeline(&s);
		}
	}
	if (not &&end)
		shell.status = !shell.status;
	return end;
}

int run_tokens(const struct token *t)
{
	bool run = true;

	while (t && !shell.exiting) {
		const struct token *end;

		while (t->kind == TOKEN_SEMI)
			t++;
		if (t->kind == TOKEN_END)
			break;
		end = skip_pipeline(t);
		t = run ? run_pipeline(t, end->kind == TOKEN_BACKGROUND) : end;
		if (!t)
			break;
		if (t->kind == TOKEN_AND)
			run = shell.status == 0;
		else if (t->kind == TOKEN_OR)
			run = shell.status != 0;
		else
			run = true;
		if (t->kind == TOKEN_END)
			break;
		t++;
		if (t[-1].kind != TOKEN_SEMI && t[-1].kind != TOKEN_BACKGROUND &&
		    t->kind == TOKEN_END)
			syntax_error(t);
	}
	return shell.status;
}
