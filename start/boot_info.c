/*
 * boot_info.c - the one boot_info.  In .early, which is neither in the file nor cleared with .bss:
 * it is written with the MMU off, and read with it on.
 */
#include "start/boot_info.h"

__attribute__((section(".early"), aligned(64))) struct boot_info boot_info;
