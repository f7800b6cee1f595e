/*
 * memfd.h - memfd_create(2), and the seals of fcntl(2).
 */
#pragma once

#define MFD_CLOEXEC	    0x0001U
#define MFD_ALLOW_SEALING   0x0002U
#define MFD_HUGETLB	    0x0004U
#define MFD_NOEXEC_SEAL	    0x0008U
#define MFD_EXEC	    0x0010U

#define F_ADD_SEALS	    1033
#define F_GET_SEALS	    1034

#define F_SEAL_SEAL	    0x0001
#define F_SEAL_SHRINK	    0x0002
#define F_SEAL_GROW	    0x0004
#define F_SEAL_WRITE	    0x0008 /* only if no writable mapping is there */
#define F_SEAL_FUTURE_WRITE 0x0010 /* writable mappings that are there stay */
#define F_SEAL_EXEC	    0x0020
