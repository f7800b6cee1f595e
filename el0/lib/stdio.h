/*
 * stdio.h - formatted text to a descriptor or a buffer.
 *
 * No streams: one call of a printing function is one write(2), so that lines of several programs do
 * not mix. Understood: %d %i %u %x %o %p %s %c %%, with -, 0, width, precision (also *), and h, hh,
 * l, ll, z.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* snprintf - at most @size bytes with the NUL; the length that the whole text would have. */
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/*
 * To standard output, or to @fd: the length, or -errno of write(2).  One call prints at most 1024
 * bytes.
 */
int printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int dprintf(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int puts(const char *s);

/* write_all - all @len bytes, in as many writes as that takes; 0 or -errno. */
int write_all(int fd, const void *buf, size_t len);
