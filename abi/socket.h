/*
 * socket.h - socket(2) and its kin: families, options, messages.
 */
#pragma once

#include <stdint.h>

#define AF_UNSPEC	 0
#define AF_UNIX		 1
#define AF_MAX		 46 /* families that Linux has numbers for */

#define SOCK_STREAM	 1
#define SOCK_DGRAM	 2
#define SOCK_RAW	 3
#define SOCK_SEQPACKET	 5
#define SOCK_MAX	 11
#define SOCK_TYPE_MASK	 0xf
#define SOCK_NONBLOCK	 0x800
#define SOCK_CLOEXEC	 0x80000

#define SHUT_RD		 0
#define SHUT_WR		 1
#define SHUT_RDWR	 2

#define SOMAXCONN	 4096

#define MSG_OOB		 0x1
#define MSG_PEEK	 0x2
#define MSG_CTRUNC	 0x8
#define MSG_TRUNC	 0x20
#define MSG_DONTWAIT	 0x40
#define MSG_EOR		 0x80
#define MSG_WAITALL	 0x100
#define MSG_ERRQUEUE	 0x2000
#define MSG_NOSIGNAL	 0x4000
#define MSG_WAITFORONE	 0x10000
#define MSG_CMSG_CLOEXEC 0x40000000
#define MSG_CMSG_COMPAT	 0x80000000u

#define SCM_RIGHTS	 1
#define SCM_CREDENTIALS	 2
#define SCM_MAX_FD	 253 /* descriptors in one message */

#define SOL_SOCKET	 1

#define SO_DEBUG	 1
#define SO_REUSEADDR	 2
#define SO_TYPE		 3
#define SO_ERROR	 4
#define SO_DONTROUTE	 5
#define SO_BROADCAST	 6
#define SO_SNDBUF	 7
#define SO_RCVBUF	 8
#define SO_KEEPALIVE	 9
#define SO_OOBINLINE	 10
#define SO_NO_CHECK	 11
#define SO_PRIORITY	 12
#define SO_LINGER	 13
#define SO_BSDCOMPAT	 14
#define SO_REUSEPORT	 15
#define SO_PASSCRED	 16
#define SO_PEERCRED	 17
#define SO_RCVLOWAT	 18
#define SO_SNDLOWAT	 19
#define SO_RCVTIMEO_OLD	 20
#define SO_SNDTIMEO_OLD	 21
#define SO_PEERNAME	 28
#define SO_ACCEPTCONN	 30
#define SO_PEERSEC	 31
#define SO_SNDBUFFORCE	 32
#define SO_RCVBUFFORCE	 33
#define SO_PROTOCOL	 38
#define SO_DOMAIN	 39
#define SO_PEEK_OFF	 42
#define SO_COOKIE	 57
#define SO_PEERGROUPS	 59
#define SO_RCVTIMEO_NEW	 66
#define SO_SNDTIMEO_NEW	 67

#define UNIX_PATH_MAX	 108

struct sockaddr_un {
	uint16_t sun_family;
	char sun_path[UNIX_PATH_MAX];
};

#define SOCKADDR_MAX 128 /* bytes of the longest address of any family */

struct msghdr {
	uint64_t msg_name; /* user address */
	int32_t msg_namelen;
	uint32_t pad0;
	uint64_t msg_iov; /* user address of struct iovec[msg_iovlen] */
	uint64_t msg_iovlen;
	uint64_t msg_control; /* user address */
	uint64_t msg_controllen;
	uint32_t msg_flags;
	uint32_t pad1;
};

struct mmsghdr {
	struct msghdr msg_hdr;
	uint32_t msg_len;
	uint32_t pad;
};

/* Before each piece of control data; both begin on 8 bytes. */
struct cmsghdr {
	uint64_t cmsg_len; /* with this header */
	int32_t cmsg_level;
	int32_t cmsg_type;
};

struct ucred {
	int32_t pid;
	uint32_t uid, gid;
};

struct linger {
	int32_t l_onoff;
	int32_t l_linger; /* seconds */
};

/* ioctl(2): who gets the signals of signal-driven I/O, by either name */
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902
#define FIOGETOWN 0x8903
#define SIOCGPGRP 0x8904
