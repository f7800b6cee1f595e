/*
 * string.h - bytes and NUL-terminated strings.
 *
 * The C library's functions with the C library's meaning; the compiler calls the first four by
 * itself.  All are safe in any context and with the MMU off: no access is ever unaligned, none
 * reads outside its operands.
 */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/*
 * strlcpy - copy a string into a buffer of @size bytes, always terminated when @size is not 0
 *
 * Returns strlen(src): the copy was cut short exactly when that is >= @size.
 */
size_t strlcpy(char *restrict dst, const char *restrict src, size_t size);
