/*
 * uname.c - uname [-asnrvm]: what uname(2) says; the system's name without options.
 */
#include <stdbool.h>

#include "el0/lib/stdio.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

int main(int argc, char **argv)
{
	static const char letters[] = "snrvm";
	const char *wanted = argc > 1 && argv[1][0] == '-' ? argv[1] + 1 : "s";
	struct new_utsname u;
	const char *fields[] = { u.sysname, u.nodename, u.release, u.version, u.machine };
	bool first = true;

	if (svc_uname(&u) < 0)
		return 1;
	for (int i = 0; letters[i]; i++) {
		if (!strchr(wanted, letters[i]) && !strchr(wanted, 'a'))
			continue;
		printf("%s%s", first ? "" : " ", fields[i]);
		first = false;
	}
	printf("\n");
	return 0;
}
