/*
 * mmio.h - the host's stand-in: a test that drives a device is that device's registers.
 */
#pragma once

#include <stdint.h>

uint32_t shim_mmio_read32(const volatile uint32_t *reg);
void shim_mmio_write32(volatile uint32_t *reg, uint32_t v);
uint8_t shim_mmio_read8(const volatile uint8_t *reg);
void shim_mmio_write8(volatile uint8_t *reg, uint8_t v);

static inline uint32_t mmio_read32(const volatile uint32_t *reg)
{
	return shim_mmio_read32(reg);
}

static inline void mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	shim_mmio_write32(reg, v);
}

static inline uint8_t mmio_read8(const volatile uint8_t *reg)
{
	return shim_mmio_read8(reg);
}

static inline void mmio_write8(volatile uint8_t *reg, uint8_t v)
{
	shim_mmio_write8(reg, v);
}

static inline void mmio_set32(volatile uint32_t *reg, uint32_t bits)
{
	mmio_write32(reg, mmio_read32(reg) | bits);
}

static inline void mmio_clear32(volatile uint32_t *reg, uint32_t bits)
{
	mmio_write32(reg, mmio_read32(reg) & ~bits);
}
