/*
 * items.h - turn the list of items into text: one line an item, name and value, as strings in
 * assembly output.
 *
 * Included at the end of ours.c and linux.c, which differ in nothing but the headers they see.  The
 * compiler computes every value, so nothing has to run: check.sh reads the .ascii lines of the .s
 * file, which is never assembled.
 */
#define EMIT(text, value) __asm__ volatile(".ascii \"@ " text " %c0\"" ::"i"((long)(value)))

void items(void);
void items(void)
{
#define CONSTANT(name) EMIT(#name, name);
#include "constants.def" /* made by check.sh from abi/ itself */

#define SYSCALL(nr, name, ...) EMIT("NR_" #name, NUMBER(nr, name));
#include "abi/syscall.def"

#define STRUCT(ours, linux)	  EMIT("sizeof " #ours, sizeof(TYPE(ours, linux)));
#define FIELD(ours, linux, field) FIELD2(ours, linux, field, field)
#define FIELD2(ours, linux, our_field, linux_field)                                          \
	EMIT(#ours "." #our_field, OFFSET(TYPE(ours, linux), NAME(our_field, linux_field))); \
	EMIT("sizeof " #ours "." #our_field,                                                 \
	     sizeof(((TYPE(ours, linux) *)0)->NAME(our_field, linux_field)));
#define OFFSET(type, field) __builtin_offsetof(type, field)
#include "layout.def"
}
