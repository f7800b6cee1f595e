/*
 * vm_names.h - el0/vm's code on this machine: what its C library and abi/ call as the host's own
 * headers do gets other names.
 */
#pragma once

#define setenv	  vm_setenv
#define strerror  vm_strerror
#define timespec  vm_timespec
#define timeval	  vm_timeval
#define timezone  vm_timezone
#define sigaction vm_sigaction

#include <stdbool.h>

#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "lib/util.h"
