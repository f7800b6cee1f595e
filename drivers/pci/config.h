/*
 * config.h - the configuration space of a PCI function: 4 KiB of registers, little-endian, of which
 * the first 64 bytes are the same for all (PCI Local Bus 3.0, 6.1; PCI Express Base 4.0, 7.5).
 */
#pragma once

#define PCI_VENDOR		   0x00 /* 16 bits; PCI_NOBODY: there is no such function */
#define PCI_DEVICE		   0x02
#define PCI_COMMAND		   0x04 /* 16 bits */
#define PCI_STATUS		   0x06
#define PCI_CLASS_REVISION	   0x08 /* class, subclass, interface, revision: a byte each */
#define PCI_HEADER_TYPE		   0x0e
#define PCI_BAR0		   0x10
#define PCI_SUBSYSTEM_VENDOR	   0x2c
#define PCI_SUBSYSTEM		   0x2e
#define PCI_CAPABILITIES	   0x34
#define PCI_INTERRUPT_PIN	   0x3d /* 1 .. 4: INTA .. INTD; 0: none */
#define PCI_CONFIG_SIZE		   256	/* what capabilities lie in */

#define PCI_NOBODY		   0xffff

#define PCI_COMMAND_MEMORY	   0x2
#define PCI_COMMAND_MASTER	   0x4
#define PCI_COMMAND_INTX_OFF	   0x400
#define PCI_STATUS_CAPABILITIES	   0x10

#define PCI_HEADER_MULTI	   0x80
#define PCI_HEADER_KIND		   0x7f
#define PCI_HEADER_ENDPOINT	   0
#define PCI_HEADER_BRIDGE	   1

#define PCI_BAR_IO		   0x1u
#define PCI_BAR_64		   0x4u
#define PCI_BAR_TYPE		   0x6u /* of what is not I/O: PCI_BAR_64, or 32 bits */
#define PCI_BAR_PREFETCH	   0x8u
#define PCI_BAR_FLAGS		   0xfu

/* A bridge's: which buses are behind it, and the windows that it passes on. */
#define PCI_BRIDGE_BUSES	   0x18 /* primary, secondary, subordinate, a timer */
#define PCI_BRIDGE_IO		   0x1c /* base, limit: bytes, in units of 4 KiB from bit 4 on */
#define PCI_BRIDGE_MEMORY	   0x20 /* base, limit: 16 bits, in units of 1 MiB from bit 4 on */
#define PCI_BRIDGE_PREFETCH	   0x24
#define PCI_BRIDGE_PREFETCH_BASE_H 0x28
#define PCI_BRIDGE_PREFETCH_END_H  0x2c
#define PCI_BRIDGE_IO_NONE	   0x00f0 /* the base above the limit: nothing is passed on */
#define PCI_BRIDGE_PREFETCH_64	   0x1	  /* in the base: it has the upper halves */

#define PCI_CAP_VENDOR		   0x09
#define PCI_CAP_EXPRESS		   0x10
#define PCI_CAP_MSIX		   0x11

/* A PCI Express capability: what it is, by bits 7:4 (PCI Express Base 4.0, 7.5.3.2). */
#define PCI_EXPRESS_FLAGS	   2
#define PCI_EXPRESS_TYPE(flags)	   ((flags) >> 4 & 0xf)
#define PCI_EXPRESS_TO_PCI	   7

/* An MSI-X capability, and an entry of its table (PCI 3.0, 6.8.2). */
#define PCI_MSIX_CONTROL	   2
#define PCI_MSIX_CONTROL_SIZE	   0x7ff /* of the table, less 1 */
#define PCI_MSIX_CONTROL_MASK_ALL  0x4000
#define PCI_MSIX_CONTROL_ENABLE	   0x8000
#define PCI_MSIX_TABLE		   4
#define PCI_MSIX_TABLE_BAR	   0x7u
#define PCI_MSIX_MASKED		   0x1u
