/* lender.h - what lender.c exports. */
#pragma once

int lender_number(void);
