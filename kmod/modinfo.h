/*
 * modinfo.h - what a module says about itself: the strings KEY=VALUE of .modinfo, and its name.
 */
#pragma once

#include "kmod/image.h"

#define IMAGE_INFO_MAX	4096	      /* bytes of a string, with its NUL */
#define IMAGE_INFO_SIZE (256u * 1024) /* and of all; a driver of many devices has some 60 KiB */

/*
 * image_check_info - is .modinfo within these bounds, and does each string end?  Of image_check.
 * 0, -ENOEXEC, or what pause returned.
 */
int image_check_info(struct image *img) __must_check;

/*
 * image_info - the value of @key in .modinfo, or NULL; @from: the next one after that value.
 * @from is NULL or what image_info has returned.  Below IMAGE_INFO_MAX bytes.
 */
const char *image_info(const struct image *img, const char *key, const char *from);

/* image_find_name - img->name, from its struct module; of image_check.  0 or -ENOEXEC. */
int image_find_name(struct image *img) __must_check;
