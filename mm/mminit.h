/*
 * mminit.h - bringing mm/ up, in order; called by el1/main.c and, the _cpu ones, by each core.
 */
#pragma once

void uaccess_init(void);
void uaccess_init_cpu(void);
