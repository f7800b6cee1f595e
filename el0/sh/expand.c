/*
 * expand.c - a raw word becomes fields: quotes go, variables come, and what came unquoted is split
 * at blanks.
 */
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/sh/sh.h"

/* The field that is being put together. */
struct field {
	char *text;
	size_t len, cap;
	bool begun; /* it is a field even if it is empty: "" */
	bool split; /* unquoted blanks end it */
	struct words *out;
};

static void field_put(struct field *f, char c)
{
	if (f->len + 1 >= f->cap) {
		f->cap = f->cap ? f->cap * 2 : 32;
		f->text = must(realloc(f->text, f->cap));
	}
	f->text[f->len++] = c;
	f->text[f->len] = '\0';
	f->begun = true;
}

static void field_end(struct field *f)
{
	if (f->begun)
		words_add(f->out, f->text ? f->text : must(strdup("")));
	f->text = NULL;
	f->len = f->cap = 0;
	f->begun = false;
}

static void put_value(struct field *f, const char *value, bool quoted)
{
	for (; value && *value; value++) {
		if (!quoted && f->split && strchr(" \t\n", *value))
			field_end(f);
		else
			field_put(f, *value);
	}
}

static void put_arguments(struct field *f, bool quoted)
{
	for (int i = 1; i < shell.argc; i++) {
		put_value(f, shell.argv[i], quoted);
		if (i + 1 == shell.argc)
			break;
		if (f->split)
			field_end(f);
		else
			field_put(f, ' ');
	}
}

static bool name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

size_t assignment_name(const char *word)
{
	size_t n = 0;

	while (name_char(word[n], n == 0))
		n++;
	return word[n] == '=' ? n : 0;
}

/* $? $$ $! $# $0…$9: true if @c names one */
static bool put_special(struct field *f, char c, bool quoted)
{
	char number[24];
	int v;

	if (c >= '0' && c <= '9') {
		put_value(f, c - '0' < shell.argc ? shell.argv[c - '0'] : NULL, quoted);
		return true;
	}
	switch (c) {
	case '?': v = shell.status; break;
	case '$': v = (int)svc_getpid(); break;
	case '!': v = shell.last_background; break;
	case '#': v = shell.argc ? shell.argc - 1 : 0; break;
	case '@':
	case '*': put_arguments(f, quoted); return true;
	default: return false;
	}
	snprintf(number, sizeof(number), "%d", v);
	put_value(f, number, quoted);
	return true;
}

/* What follows a dollar at @p; returns where the word goes on. */
static const char *put_variable(struct field *f, const char *p, bool quoted)
{
	bool braces = *p == '{';
	char name[128];
	size_t n = 0;

	p += braces;
	if (put_special(f, *p, quoted)) {
		p++;
		return braces && *p == '}' ? p + 1 : p;
	}
	while (name_char(*p, n == 0) && n < sizeof(name) - 1)
		name[n++] = *p++;
	name[n] = '\0';
	if (n == 0)
		field_put(f, '$');
	else
		put_value(f, var_get(name), quoted);
	return braces && *p == '}' ? p + 1 : p;
}

/* The inside of "…", from behind its first quote; returns the closing one. */
static const char *put_quoted(struct field *f, const char *p)
{
	while (*p && *p != '"') {
		if (*p == '$') {
			p = put_variable(f, p + 1, true);
			continue;
		}
		if (*p == '\\' && p[1] && strchr("\"\\$`", p[1]))
			p++;
		field_put(f, *p++);
	}
	return p;
}

static void expand_field(const char *p, struct field *f)
{
	while (*p) {
		switch (*p) {
		case '$': p = put_variable(f, p + 1, false); continue;
		case '\\':
			if (*++p != '\n') /* a line that goes on */
				field_put(f, *p);
			break;
		case '"':
			f->begun = true;
			p = put_quoted(f, p + 1);
			break;
		case '\'':
			f->begun = true;
			while (*++p && *p != '\'')
				field_put(f, *p);
			break;
		default: field_put(f, *p);
		}
		p += *p != '\0';
	}
	field_end(f);
}

void expand(const char *text, struct words *out)
{
	struct field f = { .split = true, .out = out };

	expand_field(text, &f);
}

char *expand_one(const char *text)
{
	struct words one = { 0 };
	struct field f = { .begun = true, .out = &one };
	char *result;

	expand_field(text, &f);
	result = one.v[0];
	free(one.v);
	return result;
}

void words_add(struct words *w, char *text)
{
	if (w->n + 1 >= w->cap) {
		w->cap = w->cap ? w->cap * 2 : 8;
		w->v = must(realloc(w->v, w->cap * sizeof(*w->v)));
	}
	w->v[w->n++] = text;
	w->v[w->n] = NULL;
}

void words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i]);
	free(w->v);
}
