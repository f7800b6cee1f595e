/*
 * pid.h - /proc/PID, of every process.
 */
#pragma once

#include "fs/proc/entry.h"

extern const struct proc_numbers proc_pids;
