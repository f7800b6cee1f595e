/*
 * printf.h - formatting into a bounded buffer.
 *
 * The C99 functions without floating point and without %n.  Conversions: d i u o x X c s p %%;
 * lengths hh h l ll z t j; flags - + space # 0; width and precision, also *.  %p prints 0x and 16
 * digits.  %s takes NULL as "(null)" and reads no more than its precision.  A conversion that is
 * not known is printed as it stands.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include "lib/util.h"

/*
 * vsnprintf - format into @buf, at most @size bytes with the final NUL
 * @buf:  may be NULL when @size is 0
 *
 * Returns the length that the whole text has (without NUL), whether it fitted or not, or -EOVERFLOW
 * when that is more than an int holds.  No lock, no allocation, any context.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);

/* snprintf - vsnprintf with its arguments in place */
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * scnprintf - snprintf that returns what is in the buffer: the length without NUL, always < @size
 * (0 if @size is 0)
 *
 * The form for appending: n += scnprintf(buf + n, size - n, ...).
 */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
