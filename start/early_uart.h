/*
 * early_uart.h - the UARTs of boot_info, by the tree or without one.  MMU off, under early_vectors.
 */
#pragma once

#include <stdbool.h>

struct boot_info;
struct fdt;

struct rawuart;

/*
 * early_uart_answers - is there anything at @u's registers, and is it not the image itself?
 */
bool early_uart_answers(const struct rawuart *u);

/*
 * early_find_uarts - fill boot->uarts, which are none so far, from a tree that was checked.
 * @stdout_node: where /chosen/stdout-path leads, or -errno
 * early_guess_uarts - the same without a tree, where a UART says by its registers that it is one.
 */
void early_find_uarts(struct boot_info *boot, const struct fdt *fdt, int stdout_node);
void early_guess_uarts(struct boot_info *boot);
