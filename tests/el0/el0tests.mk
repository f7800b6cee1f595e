# tests/el0: programs that print TAP and pass under Linux, and must pass under Newel; and the archive that runs them.
#
#   make el0-tests            build/tests/el0.cpio; boot it with any kernel: it powers off at the end; and build/tests/kvm.cpio
#
# A program NAME is tests/el0/NAME.c, with NAME_*.S beside it, on el0's C library.  tests/el0/libc/NAME.c are plain Linux
# programs, each linked twice, statically: glibc_NAME with the GNU C library of a compiler for Linux, musl_NAME with Debian's
# musl (tools/debian-parts musl).  A library that is not there leaves its programs out: make names them, and
# tests/boot/test_el0.py says so.

EL0TB    := $(B)/tests/el0
EL0T     := $(filter-out init tap joinable,$(patsubst tests/el0/%.c,%,$(wildcard tests/el0/*.c)))
EL0T_OBJ := $(patsubst %,$(EL0TB)/%.o,$(wildcard tests/el0/*.S tests/el0/*.c))

# The GNU compiler alone: clang would want Debian's cross packages in the places where it looks for them.
EL0T_LIBC := $(patsubst tests/el0/libc/%.c,%,$(wildcard tests/el0/libc/*.c))
ifneq ($(LLVM),1)
EL0T_BOTH := $(if $(HOSTED_LIBC),$(EL0T_LIBC:%=glibc_%)) \
	$(if $(and $(HOSTED_LIBC),$(wildcard build/parts/musl/lib/libc.a)),$(EL0T_LIBC:%=musl_%))
endif
EL0T_LEFT := $(filter-out $(EL0T_BOTH),$(EL0T_LIBC:%=glibc_%) $(EL0T_LIBC:%=musl_%))

$(EL0T_OBJ): el0/el0.mk tests/el0/el0tests.mk | compiler
$(EL0TB)/%.c.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EL0_CFLAGS) -MMD -MP -c $< -o $@

$(EL0TB)/%.S.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EL0_CFLAGS) -MMD -MP -c $< -o $@

# `program_start` has a _start of its own.
define EL0T_RULE
$(EL0TB)/$(1): $(patsubst %,$(EL0TB)/%.o,tests/el0/$(1).c $(wildcard tests/el0/$(1)_*.S) $(if $(filter init,$(1)),,tests/el0/tap.c tests/el0/joinable.c)) \
		$(if $(filter program_start,$(1)),$(filter-out %/crt0.S.o,$(EL0_LIB)),$(EL0_LIB)) $(EL0_SCRIPTS)
	$$(call say,EL0,$$@)
	$$(Q)$$(LD) $$(EL0_LDFLAGS) $$(EL0_FIXED) -o $$@ $$(filter %.o,$$^)
endef
$(foreach t,$(EL0T) init,$(eval $(call EL0T_RULE,$(t))))

LIBC_CFLAGS := -std=gnu11 -O2 -iquote . -Wall -Wextra -Werror -Wno-missing-field-initializers -ffile-prefix-map=$(CURDIR)=. -MMD -MP

# tap.c is compiled once for each library.
$(EL0TB)/glibc_%: tests/el0/libc/%.c $(EL0TB)/tap.glibc.o tests/el0/el0tests.mk | compiler
	$(call say,GLIBC,$@)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) -static -s -MF $@.d -MT $@ -o $@ $(filter %.c %.o,$^) -lpthread -lm

$(EL0TB)/tap.glibc.o: tests/el0/tap.c tests/el0/el0tests.mk | compiler
	@mkdir -p $(@D)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) -MF $(@:.o=.d) -c $< -o $@

# Linux's headers as that compiler has them, without the GNU C library's beside them.
$(EL0TB)/linux: | compiler
	$(Q)mkdir -p $@ && for d in linux asm asm-generic; do \
		ln -sfn $(dir $(abspath $(HOSTED_LIBC)))../include/$$d $@/$$d; done

# Not __outline_atomics: libgcc's ask a function of the GNU C library which atomics the core has.
MUSL        := build/parts/musl
MUSL_CFLAGS  = -nostdinc -isystem $(MUSL)/include -isystem $(shell $(HOSTED_CC) -print-file-name=include) -idirafter $(EL0TB)/linux \
	-mno-outline-atomics -fno-stack-protector
MUSL_LINK    = -nostdlib -static -s $(MUSL)/lib/crt1.o $(MUSL)/lib/crti.o $(filter %.c %.o,$^) $(MUSL)/lib/libc.a \
	$(shell $(HOSTED_CC) -print-libgcc-file-name) $(MUSL)/lib/crtn.o

$(EL0TB)/musl_%: tests/el0/libc/%.c $(EL0TB)/tap.musl.o tests/el0/el0tests.mk $(wildcard $(MUSL)/lib/libc.a) | compiler $(EL0TB)/linux
	$(call say,MUSL,$@)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) $(MUSL_CFLAGS) -MF $@.d -MT $@ -o $@ $(MUSL_LINK)

$(EL0TB)/tap.musl.o: tests/el0/tap.c tests/el0/el0tests.mk | compiler $(EL0TB)/linux
	@mkdir -p $(@D)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) $(MUSL_CFLAGS) -MF $(@:.o=.d) -c $< -o $@

$(EL0TB).cpio: tests/el0/initrd.spec tools/mkcpio.py $(EL0T:%=$(EL0TB)/%) $(EL0T_BOTH:%=$(EL0TB)/%) $(EL0TB)/init $(EL0B)/hello $(EL0B)/where
	$(if $(EL0T_LEFT),$(call say,LEFT,$(EL0T_LEFT): no static C library for Linux with this compiler))
	$(call say,CPIO,$@)
	$(Q)printf 'file /tests/%s $(EL0TB)/%s 755\n' $(foreach t,$(EL0T) $(EL0T_BOTH),$(t) $(t)) | \
		$(PYTHON) tools/mkcpio.py $@ $< - T=$(EL0TB) B=$(EL0B)

# tests/el0/kvm/NAME.c: programs that make virtual machines by /dev/kvm, kvm_NAME in an archive of their own.
KVMT := $(if $(and $(HOSTED_LIBC),$(filter-out 1,$(or $(LLVM),0))),$(patsubst tests/el0/kvm/%.c,kvm_%,$(wildcard tests/el0/kvm/*.c)))

$(EL0TB)/kvm_%: tests/el0/kvm/%.c $(EL0TB)/tap.glibc.o tests/el0/el0tests.mk | compiler
	$(call say,GLIBC,$@)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) -static -s -MF $@.d -MT $@ -o $@ $(filter %.c %.o,$^) -lpthread

$(B)/tests/kvm.cpio: tests/el0/initrd.spec tools/mkcpio.py $(KVMT:%=$(EL0TB)/%) $(EL0TB)/init $(EL0B)/hello $(EL0B)/where
	$(call say,CPIO,$@)
	$(Q)printf '%s\n' 'node /dev/kvm 666 c 10 232' $(foreach t,$(KVMT),'file /tests/$(t) $(EL0TB)/$(t) 755') | \
		$(PYTHON) tools/mkcpio.py $@ $< - T=$(EL0TB) B=$(EL0B)

el0-tests: $(EL0TB).cpio $(B)/tests/kvm.cpio
.PHONY: el0-tests
-include $(EL0T_OBJ:.o=.d) $(EL0T_BOTH:%=$(EL0TB)/%.d) $(KVMT:%=$(EL0TB)/%.d) $(EL0TB)/tap.glibc.d $(EL0TB)/tap.musl.d
