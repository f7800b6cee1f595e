/*
 * string.h - bytes and NUL-terminated strings, as the C standard has them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
char *strcpy(char *restrict to, const char *restrict from);

/* The copy is malloc'ed; NULL: no memory. */
char *strdup(const char *s);

/* strerror - the name of an error, "EFAULT"; of 0 or -errno alike.  Never NULL. */
const char *strerror(long err);
