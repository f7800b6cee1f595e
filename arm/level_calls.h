/*
 * level_calls.h - the calls that Newel's own EL2 and EL3 answer, in the ranges that the SMC Calling
 * Convention (Arm DEN 0028) leaves to a vendor: SMC64 fast calls.
 *
 * EL2 by HVC in the vendor hypervisor's range, EL3 by SMC in the OEM's.  Each level answers with
 * what it reads itself; a call it does not know gets NOT_SUPPORTED, -1.
 */
#pragma once

#define NEWEL_HVC_VERSION    0xc6000000 /* x0 = NEWEL_LEVELS_VERSION */
#define NEWEL_HVC_CURRENTEL  0xc6000001 /* x0 = CurrentEL as read at EL2: 0x8 */
#define NEWEL_SMC_VERSION    0xc3000000 /* x0 = NEWEL_LEVELS_VERSION */
#define NEWEL_SMC_CURRENTEL  0xc3000001 /* x0 = CurrentEL as read at EL3: 0xc */

#define NEWEL_LEVELS_VERSION 0x00010000 /* major << 16 | minor */
