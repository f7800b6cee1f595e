/* image_private.h - what the files that make image.h share. */
#pragma once

#include <stdint.h>

#include "kmod/image.h"
#include "lib/string.h"

/* image_fail - say why, and of what (may be NULL).  Returns @err. */
static inline int image_fail(struct image *img, int err, const char *error, const char *detail)
{
	img->error = error;
	strlcpy(img->detail, detail ? detail : "", sizeof(img->detail));
	return err;
}

/* image_pause - others may run, if @step is the last of @every steps (a power of two). */
static inline int __must_check image_pause(const struct image *img, uint32_t step, uint32_t every)
{
	return img->pause && (step & (every - 1)) == every - 1 ? img->pause() : 0;
}
