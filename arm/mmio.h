/*
 * mmio.h - reading and writing a device's registers.
 *
 * Each access is one plain load or store with no address write-back: a hypervisor that emulates the
 * device can decode only these.  Accesses to one device stay in program order (Device-nGnRE);
 * against ordinary memory nothing is ordered: code that needs it uses dsb() or dmb().
 */
#pragma once

#include <stdint.h>

static inline uint32_t mmio_read32(const volatile uint32_t *reg)
{
	uint32_t v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(reg) : "memory");
	return v;
}

static inline void mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	__asm__ volatile("str %w0, [%1]" ::"rZ"(v), "r"(reg) : "memory");
}

static inline uint64_t mmio_read64(const volatile uint64_t *reg)
{
	uint64_t v;

	__asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(reg) : "memory");
	return v;
}

static inline void mmio_write64(volatile uint64_t *reg, uint64_t v)
{
	__asm__ volatile("str %x0, [%1]" ::"rZ"(v), "r"(reg) : "memory");
}

static inline uint16_t mmio_read16(const volatile uint16_t *reg)
{
	uint32_t v;

	__asm__ volatile("ldrh %w0, [%1]" : "=r"(v) : "r"(reg) : "memory");
	return (uint16_t)v;
}

static inline void mmio_write16(volatile uint16_t *reg, uint16_t v)
{
	__asm__ volatile("strh %w0, [%1]" ::"rZ"((uint32_t)v), "r"(reg) : "memory");
}

static inline uint8_t mmio_read8(const volatile uint8_t *reg)
{
	uint32_t v;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(reg) : "memory");
	return v;
}

static inline void mmio_write8(volatile uint8_t *reg, uint8_t v)
{
	__asm__ volatile("strb %w0, [%1]" ::"rZ"((uint32_t)v), "r"(reg) : "memory");
}

static inline void mmio_set32(volatile uint32_t *reg, uint32_t bits)
{
	mmio_write32(reg, mmio_read32(reg) | bits);
}

static inline void mmio_clear32(volatile uint32_t *reg, uint32_t bits)
{
	mmio_write32(reg, mmio_read32(reg) & ~bits);
}
