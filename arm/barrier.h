/*
 * barrier.h - barriers and hints, by the names the Arm ARM gives them.
 *
 * The suffix is the shareability domain and the kind of access that is ordered: ish = all cores
 * that share translation tables and caches with us, sy = devices and observers outside as well.
 */
#pragma once

#define isb()		   __asm__ volatile("isb" ::: "memory")
#define dsb(domain)	   __asm__ volatile("dsb " #domain ::: "memory")
#define dmb(domain)	   __asm__ volatile("dmb " #domain ::: "memory")
#define wfi()		   __asm__ volatile("wfi" ::: "memory")
#define wfe()		   __asm__ volatile("wfe" ::: "memory")
#define sev()		   __asm__ volatile("sev" ::: "memory")
#define cpu_relax()	   __asm__ volatile("yield" ::: "memory")
#define compiler_barrier() __asm__ volatile("" ::: "memory")
