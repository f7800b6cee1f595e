/*
 * uts.c - see uts.h.  Invariant (names_lock): each name ends in a NUL and is zero behind it; a
 * reader gets the old name or the new one, whole.
 */
#include "task/uts.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "task/cap.h"
#include "task/wait.h"

static struct mutex names_lock = MUTEX_INIT(names_lock);
static char names[2][UTS_LEN] = { "(none)", "(none)" };

void uts_get(enum uts_name which, char name[UTS_LEN])
{
	mutex_lock(&names_lock);
	memcpy(name, names[which], UTS_LEN);
	mutex_unlock(&names_lock);
}

void uts_set(enum uts_name which, const char name[UTS_LEN])
{
	mutex_lock(&names_lock);
	memcpy(names[which], name, UTS_LEN);
	names[which][UTS_LEN - 1] = '\0';
	mutex_unlock(&names_lock);
}

long uts_change(enum uts_name which, uptr from, int len)
{
	char name[UTS_LEN] = { 0 };

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len >= UTS_LEN)
		return -EINVAL;
	/* Before the lock: the copy may fault and sleep. */
	if (copy_from_user(name, from, (size_t)len))
		return -EFAULT;
	uts_set(which, name);
	return 0;
}
