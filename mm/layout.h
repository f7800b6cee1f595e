/*
 * layout.h - where things are in the virtual address space: these numbers are written nowhere else.
 *
 * Read by link.ld, by assembly and by C, so it holds plain numbers only.
 *
 *   0x0000000000001000 .. 0x0000ffffffffffff   user, one tree a process (TTBR0_EL1); never page 0
 *   0xffff000000000000 .. 0xffff7fffffffffff   the linear map: VA = LINEAR_BASE + physical address
 *   0xffff800000000000 .. 0xffffbfffffffffff   vmap: kernel stacks between guard pages, large
 *                                              buffers, big tables
 *   0xffffc00000000000 .. 0xffffdfffffffffff   devices (Device-nGnRE)
 *   0xffffffff7c000000 .. 0xffffffff7fdfffff   modules: text RX, rodata R, data RW+XN
 *   0xffffffff80000000 .. 0xffffffffffdfffff   the kernel image: text RX, rodata R, data RW+XN
 *
 * The last 2 MiB stay unmapped, so that a small negative number is never a pointer to something.
 */
#pragma once

#ifdef __ASSEMBLER__
#define UL(x) x
#else
#define UL(x) x##UL
#endif

#define PAGE_SHIFT   12
#define PAGE_SIZE    (UL(1) << PAGE_SHIFT)
#define PAGE_MASK    (~(PAGE_SIZE - UL(1)))

#define VA_BITS	     48
#define USER_TOP     (UL(1) << VA_BITS) /* first address that is not the user's */
#define USER_BOTTOM  PAGE_SIZE

#define LINEAR_BASE  UL(0xffff000000000000)
#define LINEAR_SIZE  (UL(1) << 47)
#define VMAP_BASE    UL(0xffff800000000000)
/* in it: what mm/kvmap.c maps, page by page */
#define KVMAP_BASE   UL(0xffffa00000000000)
/* and one struct page for each frame, by its number */
#define PAGE_ARRAY   UL(0xffffb00000000000)
#define VMAP_END     UL(0xffffc00000000000)
#define DEVICE_BASE  UL(0xffffc00000000000)
#define DEVICE_END   UL(0xffffe00000000000)
/* Each address of them is within B's and BL's reach of all kernel text: link.ld sees to it. */
#define MODULES_BASE UL(0xffffffff7c000000)
#define MODULES_END  UL(0xffffffff7fe00000)
#define BRANCH_REACH UL(0x8000000)
#define KERNEL_VA    UL(0xffffffff80000000)
#define KERNEL_END   UL(0xffffffffffe00000)

/* Where newel.elf asks to be loaded: RAM on QEMU virt, with room below for QEMU's device tree. */
#define ELF_LOAD_PA  UL(0x40200000)

/* A kernel stack: 16 KiB, aligned to twice that so that overflow is one bit. */
#define STACK_SHIFT  14
#define STACK_SIZE   (UL(1) << STACK_SHIFT)
