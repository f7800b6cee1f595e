/*
 * reloc_names.h - the relocations of AArch64 by number and name (AAELF64, Relocation codes).
 */
#pragma once

#include <stdint.h>

/* reloc_name - as the document has it; NULL: there is none with this number. */
const char *reloc_name(uint32_t type);

#define R_AARCH64_NONE		      0
#define R_AARCH64_WITHDRAWN	      256 /* what NONE was once */

/* What a module may have. */
#define R_AARCH64_ABS64		      257
#define R_AARCH64_ABS32		      258
#define R_AARCH64_ABS16		      259
#define R_AARCH64_PREL64	      260
#define R_AARCH64_PREL32	      261
#define R_AARCH64_PREL16	      262
#define R_AARCH64_MOVW_UABS_G0	      263
#define R_AARCH64_MOVW_UABS_G0_NC     264
#define R_AARCH64_MOVW_UABS_G1	      265
#define R_AARCH64_MOVW_UABS_G1_NC     266
#define R_AARCH64_MOVW_UABS_G2	      267
#define R_AARCH64_MOVW_UABS_G2_NC     268
#define R_AARCH64_MOVW_UABS_G3	      269
#define R_AARCH64_MOVW_SABS_G0	      270
#define R_AARCH64_MOVW_SABS_G1	      271
#define R_AARCH64_MOVW_SABS_G2	      272
#define R_AARCH64_LD_PREL_LO19	      273
#define R_AARCH64_ADR_PREL_LO21	      274
#define R_AARCH64_ADR_PREL_PG_HI21    275
#define R_AARCH64_ADR_PREL_PG_HI21_NC 276
#define R_AARCH64_ADD_ABS_LO12_NC     277
#define R_AARCH64_LDST8_ABS_LO12_NC   278
#define R_AARCH64_TSTBR14	      279
#define R_AARCH64_CONDBR19	      280
#define R_AARCH64_JUMP26	      282
#define R_AARCH64_CALL26	      283
#define R_AARCH64_LDST16_ABS_LO12_NC  284
#define R_AARCH64_LDST32_ABS_LO12_NC  285
#define R_AARCH64_LDST64_ABS_LO12_NC  286
#define R_AARCH64_MOVW_PREL_G0	      287
#define R_AARCH64_MOVW_PREL_G0_NC     288
#define R_AARCH64_MOVW_PREL_G1	      289
#define R_AARCH64_MOVW_PREL_G1_NC     290
#define R_AARCH64_MOVW_PREL_G2	      291
#define R_AARCH64_MOVW_PREL_G2_NC     292
#define R_AARCH64_MOVW_PREL_G3	      293
#define R_AARCH64_LDST128_ABS_LO12_NC 299
#define R_AARCH64_PLT32		      314
