/*
 * mminit.h - bringing mm/ up, in order; called by el1/main.c and, the _cpu ones, by each core.
 */
#pragma once

/*
 * uaccess_init - boot core, once; uaccess_init_cpu - every core, before it runs EL0: PAN is on from
 * here on.
 */
void uaccess_init(void);
void uaccess_init_cpu(void);
