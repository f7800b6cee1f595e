/*
 * uts.c - see uts.h.  Invariant: each name ends in a NUL and is zero behind it.
 */
#include "task/uts.h"

#include "lib/string.h"
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
