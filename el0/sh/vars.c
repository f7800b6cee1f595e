/*
 * vars.c - the shell's variables: a list, of which the exported ones become the environment of
 * programs.
 */
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/sh/sh.h"

struct var {
	struct var *next;
	char *name;
	char *value; /* NULL: exported before it was set */
	bool exported;
};

static struct var *vars;

static struct var *find(const char *name)
{
	struct var *v = vars;

	while (v && strcmp(v->name, name) != 0)
		v = v->next;
	return v;
}

static struct var *find_or_make(const char *name)
{
	struct var *v = find(name);

	if (!v) {
		v = must(calloc(1, sizeof(*v)));
		v->name = must(strdup(name));
		v->next = vars;
		vars = v;
	}
	return v;
}

const char *var_get(const char *name)
{
	struct var *v = find(name);

	return v ? v->value : NULL;
}

void var_set(const char *name, const char *value)
{
	struct var *v = find_or_make(name);
	char *old = v->value;

	v->value = must(strdup(value));
	free(old);
}

void var_export(const char *name)
{
	find_or_make(name)->exported = true;
}

void var_unset(const char *name)
{
	struct var **at = &vars;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at)
		*at = (*at)->next;
}

void var_print_all(void)
{
	for (struct var *v = vars; v; v = v->next)
		if (v->value)
			printf("%s='%s'\n", v->name, v->value);
}

void vars_from_environ(void)
{
	for (char **e = environ; *e; e++) {
		char *entry = must(strdup(*e)), *value = strchr(entry, '=');

		if (value) {
			*value = '\0';
			var_set(entry, value + 1);
			var_export(entry);
		}
		free(entry);
	}
}

void vars_to_environ(void)
{
	static char *none[] = { NULL };

	environ = none;
	for (struct var *v = vars; v; v = v->next)
		if (v->exported && v->value && setenv(v->name, v->value))
			must(NULL);
}
