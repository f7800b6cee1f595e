/*
 * lex.c - a line of text becomes tokens.  Words keep their quotes: expand.c takes them off.
 */
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/sh/sh.h"

struct lexer {
	const char *p;
	struct token *tokens;
	size_t n, cap;
};

static void add(struct lexer *l, enum token_kind kind, char *text, int fd)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->tokens = must(realloc(l->tokens, l->cap * sizeof(*l->tokens)));
	}
	l->tokens[l->n++] = (struct token){ kind, text, fd };
}

static char *copy(const char *s, size_t n)
{
	char *text = must(malloc(n + 1));

	memcpy(text, s, n);
	text[n] = '\0';
	return text;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* [n]< [n]> [n]>> [n]>&: true if there was one here */
static bool lex_redirect(struct lexer *l)
{
	const char *p = l->p;
	int fd = -1;
	size_t n = 1;

	if (*p >= '0' && *p <= '9')
		fd = *p++ - '0';
	if (*p != '<' && *p != '>')
		return false;
	if (p[0] == '>' && (p[1] == '>' || p[1] == '&'))
		n = 2;
	add(l, TOKEN_REDIRECT, copy(p, n), fd >= 0 ? fd : *p == '>');
	l->p = p + n;
	return true;
}

static bool lex_operator(struct lexer *l)
{
	static const struct {
		char text[3];
		enum token_kind kind;
	} operators[] = {
		{ "&&", TOKEN_AND }, { "||", TOKEN_OR },  { "&", TOKEN_BACKGROUND },
		{ "|", TOKEN_PIPE }, { ";", TOKEN_SEMI }, { "\n", TOKEN_SEMI },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t n = strlen(operators[i].text);

		if (strncmp(l->p, operators[i].text, n) == 0) {
			add(l, operators[i].kind, NULL, 0);
			l->p += n;
			return true;
		}
	}
	return false;
}

/* The end of the quoted text that begins at @p, on its closing quote; NULL: there is none. */
static const char *quote_end(const char *p)
{
	char quote = *p++;

	for (; *p && *p != quote; p++)
		if (quote == '"' && *p == '\\' && p[1])
			p++;
	return *p ? p : NULL;
}

/*
 * The end of the word at @p, or NULL: a quote is open, or a backslash says that the line goes on.
 */
static const char *word_end(const char *p)
{
	for (; *p && !blank(*p) && !strchr("|&;<>", *p); p++) {
		if (*p == '\\') {
			if (*++p == '\0' || (*p == '\n' && !p[1]))
				return NULL;
		} else if (*p == '\'' || *p == '"') {
			p = quote_end(p);
			if (!p)
				return NULL;
		}
	}
	return p;
}

static bool lex_word(struct lexer *l)
{
	const char *end = word_end(l->p);

	if (!end)
		return false;
	if (end - l->p == 1 && *l->p == '!')
		add(l, TOKEN_NOT, NULL, 0);
	else
		add(l, TOKEN_WORD, copy(l->p, (size_t)(end - l->p)), 0);
	l->p = end;
	return true;
}

struct token *lex(const char *line, const char **error)
{
	struct lexer l = { .p = line };

	for (;;) {
		while (*l.p == ' ' || *l.p == '\t' || *l.p == '\r')
			l.p++;
		if (*l.p == '#')
			while (*l.p && *l.p != '\n')
				l.p++;
		if (!*l.p)
			break;
		if (lex_redirect(&l) || lex_operator(&l) || lex_word(&l))
			continue;
		*error = LEX_UNFINISHED;
		add(&l, TOKEN_END, NULL, 0);
		tokens_free(l.tokens);
		return NULL;
	}
	add(&l, TOKEN_END, NULL, 0);
	return l.tokens;
}

void tokens_free(struct token *tokens)
{
	for (struct token *t = tokens; t && t->kind != TOKEN_END; t++)
		free(t->text);
	free(tokens);
}
