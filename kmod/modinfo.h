/*
 * modinfo.h - what a module says about itself: the strings KEY=VALUE of .modinfo, and its name.
 */
#pragma once

#include "kmod/image.h"

/*
 * image_info - the value of @key in .modinfo, or NULL; @from: the next one after that value.
 * @from is NULL or what image_info has returned.
 */
const char *image_info(const struct image *img, const char *key, const char *from);

/* image_find_name - img->name, from its struct module; of image_check.  0 or -ENOEXEC. */
int image_find_name(struct image *img) __must_check;
