/*
 * early_led.h - the ACT LED of boot_info, by the tree.  MMU off.
 */
#pragma once

struct boot_info;
struct fdt;

/* early_find_led - fill boot->led, which is none so far, from a tree that was checked. */
void early_find_led(struct boot_info *boot, const struct fdt *fdt);
