/* multiply.c - the sequence of erratum 835769, for the compiler to take apart. */
long store_and_multiply(long *p, long a, long b, long c);

long store_and_multiply(long *p, long a, long b, long c)
{
	*p = a;
	__asm__ volatile("" : "+r"(b) : : "memory"); /* the product comes after the store */
	return a * b + c;
}
