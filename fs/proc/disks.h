/*
 * disks.h - what /proc says of disks.
 */
#pragma once

#include <stdint.h>

struct proc_node;
struct proc_text;

/* proc_entry.show of /proc/partitions and /proc/diskstats. */
int show_partitions(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int show_diskstats(struct proc_text *t, const struct proc_node *n, uint64_t *at);
/* put_block_devices - the second half of /proc/devices. */
void put_block_devices(struct proc_text *t);
