# trace.mk - the host tool that reads traces: the kernel's own words, built for this machine.

HOSTCC ?= cc
TRACE_DECODE := build/host/newel-trace-decode
TRACE_HOST_SRC := $(wildcard tools/trace/*.c) trace/format.c trace/esr.c trace/names.c trace/sysreg.c trace/words.c

$(TRACE_DECODE): $(TRACE_HOST_SRC) $(wildcard tools/trace/*.h trace/*.h trace/*.def) abi/trace.def abi/trace_stream.h abi/syscall.def abi/syscall_args.def abi/errno.h \
		arm/psci.h arm/smccc.h arm/level_calls.h tools/trace/trace.mk
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -D_GNU_SOURCE -iquote . $(TRACE_HOST_SRC) -o $@
