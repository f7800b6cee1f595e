/*
 * mirrors.h - newel.test=mirrors.
 */
#pragma once

/* selftest_mirrors - what a mirror of an address space is told; ends in a panic that counts. */
void selftest_mirrors(void);
