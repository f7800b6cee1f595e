/*
 * modules.h - newel.test=modules.
 */
#pragma once

/* selftest_modules - the memory of modules; ends in a panic that says how it went. */
void selftest_modules(void);
