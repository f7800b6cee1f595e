/*
 * stdlib.h - memory, environment, numbers, and the end of a program.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern char **environ;

/* The end: exit_group(2), no buffers to flush.  abort() ends by SIGABRT. */
__attribute__((noreturn)) void exit(int code);
__attribute__((noreturn)) void abort(void);

/* malloc - @size bytes aligned to 16, or NULL.  free(NULL) is allowed. */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t size);
void free(void *p);

char *getenv(const char *name);
/* setenv - @name=@value for this program and those it starts.  0 or -ENOMEM. */
int setenv(const char *name, const char *value);

/* strtol - as C has it, for base 10, 16 (with 0x) or 0 (either); no error is told but by *@end. */
long strtol(const char *s, char **end, int base);

/* getauxval - the kernel's word of this type (abi/auxv.h), or 0. */
uint64_t getauxval(uint64_t type);
