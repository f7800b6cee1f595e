/*
 * syslog.h - the kernel's log as programs read it: syslog(2).
 */
#pragma once

#include "mm/uaccess.h"

/* syslog_action - SYSLOG_ACTION_* number @type, with a buffer @to of @len bytes or a level @len.
 * What syslog(2) says, also -ERESTARTSYS.  May sleep. */
long syslog_action(int type, uptr to, int len) __must_check;
