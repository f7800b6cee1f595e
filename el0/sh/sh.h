/*
 * sh.h - the small shell: a line goes through lex.c (tokens), run.c (lists, pipelines, commands),
 * expand.c (words) and builtin.c, in this order.
 *
 * Served: words, '…', "…", \, $NAME ${NAME} $? $$ $! $# $0…$9 $@ $*, A=B, | ; & && || !, [n]< [n]>
 * [n]>> [n]>&m, # comments, and the builtins that `help` lists.  Not served: control structures,
 * functions, patterns, here-documents, job control.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_REDIRECT, /* text: < > >> or >&; fd: which descriptor */
	TOKEN_PIPE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_SEMI,
	TOKEN_BACKGROUND,
	TOKEN_NOT,
};

struct token {
	enum token_kind kind;
	char *text; /* a word still has its quotes and dollars */
	int fd;
};

struct shell {
	int status;	     /* $? */
	int last_background; /* $! */
	int argc;	     /* $#, $0, $1… */
	char **argv;
	bool interactive;
	bool exiting; /* the exit builtin was run */
};

extern struct shell shell;

/*
 * lex - split @line into tokens ended by TOKEN_END; NULL and *@error if it cannot be, "unfinished"
 * when a quote is open. Free with tokens_free().
 */
struct token *lex(const char *line, const char **error);
void tokens_free(struct token *tokens);
#define LEX_UNFINISHED "unfinished"

/* run_tokens - the whole line; sets and returns shell.status. */
int run_tokens(const struct token *t);

/* A list of words that grows; v is ended by NULL once something was added. */
struct words {
	char **v;
	size_t n, cap;
};
void words_add(struct words *w, char *text);
void words_free(struct words *w);

/* expand - the fields that the raw word @text becomes, added to @out. */
void expand(const char *text, struct words *out);
/* expand_one - the same without splitting: for assignments and file names.  malloc'ed. */
char *expand_one(const char *text);

/* Variables: var_get is NULL if there is none. */
const char *var_get(const char *name);
void var_set(const char *name, const char *value);
void var_export(const char *name);
void var_unset(const char *name);
void var_print_all(void);
void vars_from_environ(void);
/* vars_to_environ - make environ what the exported ones say; in a child that is about to exec. */
void vars_to_environ(void);
/* The length of the name if @word is NAME=…, else 0. */
size_t assignment_name(const char *word);

/* builtin_find - the builtin of that name, or NULL.  It returns an exit status. */
typedef int (*builtin_fn)(int argc, char **argv);
builtin_fn builtin_find(const char *name);

/* must - @p, or the end of the shell: out of memory. */
void *must(void *p);
