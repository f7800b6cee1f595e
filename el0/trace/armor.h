/*
 * armor.h - bytes as lines that any terminal lets through; tools/trace/serial.py reads them back.
 *
 * A line is "~NT", its number in 4 hex digits, base64 of up to 48 bytes, and 8 hex digits: the
 * CRC-32 of all between.  It has 79 columns at the most.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ARMOR_BYTES 48
#define ARMOR_LINE  81 /* with its newline and a NUL */

/*
 * armor_line - @n bytes (1..ARMOR_BYTES; fewer than ARMOR_BYTES only in the last line) as line
 * @number of the stream.  Return: the length of what is in @line.
 */
size_t armor_line(char line[ARMOR_LINE], unsigned int number, const void *data, size_t n);
