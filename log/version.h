/*
 * version.h - the one place that says which Newel this is (boot line, uname(2), /proc/version).
 */
#pragma once

#define NEWEL_VERSION "0.1.0"
#define UTS_SYSNAME   "Linux"
#define UTS_RELEASE   "6.12.0-newel" /* the Linux whose ABI is kept */
#define UTS_VERSION   "#1 SMP Newel " NEWEL_VERSION
#define UTS_MACHINE   "aarch64"
