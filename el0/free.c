/*
 * free.c - how much memory there is and how much is left, as sysinfo(2) says, in KiB.
 */
#include "el0/lib/stdio.h"
#include "el0/lib/syscall.h"

int main(void)
{
	struct sysinfo s;
	uint64_t total, left;

	if (svc_sysinfo(&s) < 0)
		return 1;
	total = s.totalram * s.mem_unit / 1024;
	left = s.freeram * s.mem_unit / 1024;
	printf("%12s %12s %12s %8s\n", "total KiB", "used", "free", "tasks");
	printf("%12lu %12lu %12lu %8u\n", total, total - left, left, s.procs);
	return 0;
}
