/*
 * gic.h - the probes of the two generations of Arm's interrupt controller, for the table in
 * drivers/device.c.
 */
#pragma once

struct fdt;

/* 0: the node is our interrupt controller now; -errno: it lacks what we need.  At boot. */
int gicv2_probe(const struct fdt *fdt, int node);
int gicv3_probe(const struct fdt *fdt, int node);
