/*
 * uts.h - the two names of the machine that can be changed: uname(2), sethostname(2),
 * setdomainname(2), /proc/sys/kernel.
 */
#pragma once

#include "abi/utsname.h"
#include "mm/uaccess.h"

enum uts_name { UTS_HOSTNAME, UTS_DOMAINNAME };

/*
 * uts_get - a copy, zeros behind it.  uts_set - from now on @name, UTS_LEN bytes of it.  May sleep.
 */
void uts_get(enum uts_name which, char name[UTS_LEN]);
void uts_set(enum uts_name which, const char name[UTS_LEN]);
/* uts_change - for sethostname(2) and its like.  0, -EPERM, -EINVAL, -EFAULT. */
long uts_change(enum uts_name which, uptr from, int len) __must_check;
