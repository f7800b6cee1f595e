/*
 * auxv.h - the auxiliary vector that a new program finds behind its environment (getauxval(3)).
 */
#pragma once

#include <stdint.h>

struct auxv {
	uint64_t a_type; /* AT_* */
	uint64_t a_val;
};

#define AT_NULL		 0
#define AT_IGNORE	 1
#define AT_EXECFD	 2
#define AT_PHDR		 3
#define AT_PHENT	 4
#define AT_PHNUM	 5
#define AT_PAGESZ	 6
#define AT_BASE		 7
#define AT_FLAGS	 8
#define AT_ENTRY	 9
#define AT_NOTELF	 10
#define AT_UID		 11
#define AT_EUID		 12
#define AT_GID		 13
#define AT_EGID		 14
#define AT_PLATFORM	 15
#define AT_HWCAP	 16
#define AT_CLKTCK	 17
#define AT_SECURE	 23
#define AT_BASE_PLATFORM 24
#define AT_RANDOM	 25
#define AT_HWCAP2	 26
#define AT_EXECFN	 31
#define AT_SYSINFO_EHDR	 33
#define AT_MINSIGSTKSZ	 51

/* AT_HWCAP: what EL0 may use, from the ID registers */
#define HWCAP_FP	 (1 << 0)
#define HWCAP_ASIMD	 (1 << 1)
#define HWCAP_EVTSTRM	 (1 << 2)
#define HWCAP_AES	 (1 << 3)
#define HWCAP_PMULL	 (1 << 4)
#define HWCAP_SHA1	 (1 << 5)
#define HWCAP_SHA2	 (1 << 6)
#define HWCAP_CRC32	 (1 << 7)
#define HWCAP_ATOMICS	 (1 << 8)
#define HWCAP_FPHP	 (1 << 9)
#define HWCAP_ASIMDHP	 (1 << 10)
#define HWCAP_CPUID	 (1 << 11) /* MRS of ID registers is emulated */
#define HWCAP_ASIMDRDM	 (1 << 12)
#define HWCAP_JSCVT	 (1 << 13)
#define HWCAP_FCMA	 (1 << 14)
#define HWCAP_LRCPC	 (1 << 15)
#define HWCAP_DCPOP	 (1 << 16)
#define HWCAP_SHA3	 (1 << 17)
#define HWCAP_SM3	 (1 << 18)
#define HWCAP_SM4	 (1 << 19)
#define HWCAP_ASIMDDP	 (1 << 20)
#define HWCAP_SHA512	 (1 << 21)
#define HWCAP_SVE	 (1 << 22)
#define HWCAP_ASIMDFHM	 (1 << 23)
#define HWCAP_DIT	 (1 << 24)
#define HWCAP_USCAT	 (1 << 25)
#define HWCAP_ILRCPC	 (1 << 26)
#define HWCAP_FLAGM	 (1 << 27)
#define HWCAP_SSBS	 (1 << 28)
#define HWCAP_SB	 (1 << 29)
#define HWCAP_PACA	 (1 << 30)
#define HWCAP_PACG	 (1UL << 31)

/* AT_HWCAP2 */
#define HWCAP2_DCPODP	 (1 << 0)
#define HWCAP2_FLAGM2	 (1 << 7)
#define HWCAP2_FRINT	 (1 << 8)
#define HWCAP2_I8MM	 (1 << 13)
#define HWCAP2_BF16	 (1 << 14)
#define HWCAP2_DGH	 (1 << 15)
#define HWCAP2_RNG	 (1 << 16)
#define HWCAP2_ECV	 (1 << 19)
#define HWCAP2_AFP	 (1 << 20)
#define HWCAP2_RPRES	 (1 << 21)
#define HWCAP2_WFXT	 (1UL << 31)
#define HWCAP2_EBF16	 (1UL << 32)
