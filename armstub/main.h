/*
 * main.h - the armstub's C half, for its head.S.
 */
#pragma once

#include "start/boot_info.h"

/*
 * armstub_main - fill *@boot, and complete the device tree; boot->x[0] is what the kernel gets as
 * such.  Does not return where there is no kernel to go on to.
 * Return: the kernel's entry.
 */
uint64_t armstub_main(struct boot_info *boot);
