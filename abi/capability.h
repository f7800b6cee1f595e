/*
 * capability.h - capabilities(7), as capget(2), capset(2) and prctl(2) speak of them.
 */
#pragma once

#include <stdint.h>

#define _LINUX_CAPABILITY_VERSION_1 0x19980330
#define _LINUX_CAPABILITY_VERSION_2 0x20071026
#define _LINUX_CAPABILITY_VERSION_3 0x20080522

#define CAP_CHOWN		    0
#define CAP_DAC_OVERRIDE	    1
#define CAP_DAC_READ_SEARCH	    2
#define CAP_FOWNER		    3
#define CAP_FSETID		    4
#define CAP_KILL		    5
#define CAP_SETGID		    6
#define CAP_SETUID		    7
#define CAP_SETPCAP		    8
#define CAP_LINUX_IMMUTABLE	    9
#define CAP_NET_ADMIN		    12
#define CAP_IPC_LOCK		    14
#define CAP_SYS_MODULE		    16
#define CAP_SYS_CHROOT		    18
#define CAP_SYS_PTRACE		    19
#define CAP_SYS_ADMIN		    21
#define CAP_SYS_BOOT		    22
#define CAP_SYS_NICE		    23
#define CAP_SYS_RESOURCE	    24
#define CAP_SYS_TIME		    25
#define CAP_MKNOD		    27
#define CAP_SETFCAP		    31
#define CAP_MAC_OVERRIDE	    32
#define CAP_AUDIT_CONTROL	    30
#define CAP_SYSLOG		    34
#define CAP_WAKE_ALARM		    35
#define CAP_LAST_CAP		    40

#define SECBIT_NOROOT		    0x1
#define SECBIT_NO_SETUID_FIXUP	    0x4
#define SECBIT_KEEP_CAPS	    0x10
#define SECBIT_KEEP_CAPS_LOCKED	    0x20
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40
#define SECURE_ALL_BITS		    0x55
#define SECURE_ALL_LOCKS	    (SECURE_ALL_BITS << 1)

struct __user_cap_header_struct {
	uint32_t version;
	int pid;
};

/* Version 3 has two of them, for capabilities from 0 and from 32 on. */
struct __user_cap_data_struct {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};
