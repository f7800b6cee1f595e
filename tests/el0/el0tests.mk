# tests/el0: programs that print TAP and pass under Linux, and must pass under Newel; and the archive that runs them.
#
#   make el0-tests            build/tests/el0.cpio; boot it with any kernel: it powers off at the end
#
# A program NAME is tests/el0/NAME.c, with NAME_*.S beside it, on el0's C library; glibc_*.c are linked with the static GNU C
# library, if the cross compiler has one: what any Linux program is made of.

EL0TB     := $(B)/tests/el0
EL0T_ALL  := $(filter-out init tap joinable,$(patsubst tests/el0/%.c,%,$(wildcard tests/el0/*.c)))
EL0T_GLIBC := $(if $(filter 1,$(LLVM)),,$(if $(wildcard $(shell $(CC) -print-file-name=libc.a 2>/dev/null)),$(filter glibc_%,$(EL0T_ALL))))
EL0T      := $(filter-out glibc_%,$(EL0T_ALL))
EL0T_OBJ  := $(patsubst %,$(EL0TB)/%.o,$(wildcard tests/el0/*.S) $(filter-out tests/el0/glibc_%,$(wildcard tests/el0/*.c)))

$(EL0T_OBJ): el0/el0.mk tests/el0/el0tests.mk | compiler
$(EL0TB)/%.c.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EL0_CFLAGS) -MMD -MP -c $< -o $@

$(EL0TB)/%.S.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EL0_CFLAGS) -MMD -MP -c $< -o $@

# `entry` has a _start of its own.
define EL0T_RULE
$(EL0TB)/$(1): $(patsubst %,$(EL0TB)/%.o,tests/el0/$(1).c $(wildcard tests/el0/$(1)_*.S) $(if $(filter init,$(1)),,tests/el0/tap.c tests/el0/joinable.c)) \
		$(if $(filter entry,$(1)),$(filter-out %/crt0.S.o,$(EL0_LIB)),$(EL0_LIB))
	$$(call say,EL0,$$@)
	$$(Q)$$(LD) $$(EL0_LDFLAGS) -o $$@ $$(filter %.o,$$^)
endef
$(foreach t,$(EL0T) init,$(eval $(call EL0T_RULE,$(t))))

$(EL0T_GLIBC:%=$(EL0TB)/%): $(EL0TB)/%: tests/el0/%.c $(wildcard tests/el0/glibc_*.h) | compiler
	$(call say,EL0,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s -Wall -Wextra -Werror -ffile-prefix-map=$(CURDIR)=. -o $@ $< -lpthread -lm

$(EL0TB).cpio: tests/el0/initrd.spec tools/mkcpio.py $(EL0T:%=$(EL0TB)/%) $(EL0T_GLIBC:%=$(EL0TB)/%) $(EL0TB)/init $(EL0B)/hello $(EL0B)/where
	$(call say,CPIO,$@)
	$(Q)printf 'file /tests/%s $(EL0TB)/%s 755\n' $(foreach t,$(EL0T) $(EL0T_GLIBC),$(t) $(t)) | \
		$(PYTHON) tools/mkcpio.py $@ $< - T=$(EL0TB) B=$(EL0B)

el0-tests: $(EL0TB).cpio
.PHONY: el0-tests
-include $(EL0T_OBJ:.o=.d)
