/*
 * paddr.c - what no compiler may let pass of physical addresses: each CASE must fail to compile,
 * and without one the file must compile.
 */
#include "mm/kmap.h"
#include "mm/page.h"

uint64_t refused(paddr pa, uintptr_t va, const void *kernel);

uint64_t refused(paddr pa, uintptr_t va, const void *kernel)
{
#if CASE == 1 /* it is dereferenced */
	return *(const uint64_t *)pa;
#elif CASE == 2 /* it becomes a number without saying so */
	va = pa;
#elif CASE == 3 /* and a number becomes one */
	pa = va;
#elif CASE == 4 /* a pointer is given for it */
	return *(const uint64_t *)phys_to_virt(kernel);
#elif CASE == 5 /* a device's registers are mapped by a virtual address */
	kernel = ioremap(va, PAGE_SIZE);
#elif CASE == 6 /* it is computed with */
	return paddr_value(pa + va);
#elif CASE == 7 /* a descriptor is made of it by hand */
	return pa | 1;
#elif CASE == 8 /* two are compared as if they were numbers */
	return pa == virt_to_phys(kernel);
#endif
	return paddr_value(pa) + va + (uintptr_t)kernel;
}
