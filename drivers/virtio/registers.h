/*
 * registers.h - what the registers of both transports (mmio.c, pci.c) have in common.
 */
#pragma once

#include <stdint.h>

#include "arm/mmio.h"

/* virtio_read_bytes - the 1, 2 or 4 bytes @at, which is aligned, by one access. */
static inline uint32_t virtio_read_bytes(const volatile void *at, uint32_t n)
{
	return n == 4 ? mmio_read32(at) : n == 2 ? mmio_read16(at) : mmio_read8(at);
}

/* virtio_write_halves - a number of 64 bits, the lower half first. */
static inline void virtio_write_halves(volatile uint32_t reg[2], uint64_t v)
{
	mmio_write32(&reg[0], (uint32_t)v);
	mmio_write32(&reg[1], (uint32_t)(v >> 32));
}

/*
 * virtio_read_features, virtio_write_features - 64 bits by a register of 32, of which @select says
 * whether it is the lower half, 0, or the upper.
 */
static inline uint64_t virtio_read_features(volatile uint32_t *select, volatile uint32_t *reg)
{
	uint64_t low;

	mmio_write32(select, 0);
	low = mmio_read32(reg);
	mmio_write32(select, 1);
	return low | (uint64_t)mmio_read32(reg) << 32;
}

static inline void virtio_write_features(volatile uint32_t *select, volatile uint32_t *reg,
					 uint64_t features)
{
	mmio_write32(select, 0);
	mmio_write32(reg, (uint32_t)features);
	mmio_write32(select, 1);
	mmio_write32(reg, (uint32_t)(features >> 32));
}
