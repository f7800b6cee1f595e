/*
 * uptr.c - what no compiler may let pass: each CASE must fail to compile, and without one the file
 * must compile. tools/check (refused) counts the cases here and tries each with gcc and with clang.
 */
#include "mm/uaccess.h"

long refused(uptr p, const char *kernel, char *buf);

long refused(uptr p, const char *kernel, char *buf)
{
#if CASE == 1 /* a user pointer is dereferenced */
	return *p;
#elif CASE == 2	 /* it becomes a pointer by a cast */
	return *(const long *)p;
#elif CASE == 3	 /* it becomes one by assignment */
	kernel = p;
#elif CASE == 4	 /* it is indexed */
	return p[0];
#elif CASE == 5	 /* a kernel pointer is given for a user's */
	return (long)copy_to_user(kernel, buf, 1);
#elif CASE == 6	 /* and the other way round */
	return (long)copy_from_user(p, p, 1);
#elif CASE == 7	 /* plain memcpy from user memory */
	return (long)__builtin_memcpy(buf, p, 1);
#elif CASE == 8	 /* two are subtracted, or compared, as if one were sure of them */
	return p - uptr_of(0);
#elif CASE == 9	 /* a copy's answer is not looked at */
	copy_to_user(p, kernel, 1);
#elif CASE == 10 /* a number becomes a user pointer without saying so */
	p = 0x1000;
#endif
	return (long)copy_from_user(buf, p, 1) + (kernel ? 1 : 0);
}
