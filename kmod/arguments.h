/*
 * arguments.h - the parameters of a module.
 */
#pragma once

#include "kmod/loading.h"

/*
 * module_check_params - the records of l->m lie in it, and what they name too.  0, -ENOEXEC,
 * -EINTR.
 */
int module_check_params(const struct loading *l) __must_check;
/* module_parse - @args, which is changed, into the variables.  0, or params_parse's error. */
int module_parse(struct loaded *m, char *args) __must_check;
/*
 * module_set_param - @p of @m becomes @value, which is changed; module_show_param - as text into
 * @buf: bytes.  0 or -errno.
 */
int module_set_param(struct loaded *m, const struct module_param *p, char *value) __must_check;
long module_show_param(const struct module_param *p, char *buf, size_t size) __must_check;
