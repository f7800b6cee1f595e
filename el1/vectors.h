/*
 * vectors.h - the kernel's vector tables (el1/vectors.S): a slot of one (arm/slots.h) is entered by
 * an exception, or by a branch with all registers as the exception left them.
 */
#pragma once

/* Which of the four: the sum of these. */
#define VECTORS_TRACED 1u /* shows each SVC to trace/ */
#define VECTORS_BHB    2u /* fills the history of branches first (el1/spectre.h) */
#define NR_VECTORS     4

extern char vectors_el1[], vectors_el1_traced[], vectors_bhb[], vectors_bhb_traced[];
