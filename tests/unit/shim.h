/*
 * shim.h - the handles by which a test holds the stand-ins.
 */
#pragma once

#include <setjmp.h>

extern jmp_buf shim_stopped;	  /* where a core goes that would stop for ever */
extern unsigned int shim_relaxed; /* how often someone waited */
