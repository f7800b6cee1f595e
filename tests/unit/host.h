/*
 * host.h - comes before everything else in a host test (-include): lib's names that the C library
 * has too get a prefix, so that the sanitizers' own memcpy and ours live side by side, and lib runs
 * on ours.
 *
 * A test that wants the C library's as its oracle says __builtin_memcpy.
 */
#pragma once

#define memcpy	      newel_memcpy
#define memmove	      newel_memmove
#define memset	      newel_memset
#define memcmp	      newel_memcmp
#define memchr	      newel_memchr
#define strlen	      newel_strlen
#define strnlen	      newel_strnlen
#define strcmp	      newel_strcmp
#define strncmp	      newel_strncmp
#define strchr	      newel_strchr
#define strrchr	      newel_strrchr
#define strlcpy	      newel_strlcpy
#define vsnprintf     newel_vsnprintf
#define snprintf      newel_snprintf

/* libfdt has these too, and means something else by them */
#define fdt_next_node newel_fdt_next_node
#define fdt_string    newel_fdt_string
