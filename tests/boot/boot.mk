# boot.mk - the small programs that the boot tests put into their archives, and the tests themselves.

BOOT_AS := $(or $(CROSS_COMPILE),aarch64-linux-gnu-)as
BOOT_LD := $(or $(CROSS_COMPILE),aarch64-linux-gnu-)ld
BOOT_PROGRAMS := build/tests/hello $(patsubst tests/boot/programs/%.s,build/tests/%,$(wildcard tests/boot/programs/*.s))

# Exactly `as` and `ld`, no flags: the hello-world must run as these make it.
define BOOT_MAKE
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(BOOT_AS) $< -o $@.o && $(BOOT_LD) $@.o -o $@
endef
build/tests/%: tests/boot/programs/%.s
	$(BOOT_MAKE)
build/tests/hello: el0/hello.s
	$(BOOT_MAKE)

# The hostile users of storm.py and test_hoards.py: programs of a C library, as those of tests/el0/libc.
HOSTED_PROGRAMS := $(if $(HOSTED_LIBC),$(patsubst tests/boot/programs/%.c,build/tests/%,$(wildcard tests/boot/programs/*.c)))
build/tests/%: tests/boot/programs/%.c tests/el0/libc/calls.h tests/el0/tap.c tests/el0/tap.h | compiler
	$(call say,GLIBC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTED_CC) -std=gnu11 -O2 -iquote . -Wall -Wextra -Werror -Wno-missing-field-initializers -static -s -o $@ $(filter %.c,$^) -lpthread

# The kernel once more, with one instruction changed: a core waits for EL2 by WFI, which no event ends (el2/vectors.S).
PARKWFI := $(B)/parkwfi/el2/vectors.S.o
$(PARKWFI): el2/vectors.S $(B)/flags | compiler
	$(call say,AS,$< (PARK_WFI))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -DPARK_WFI -MMD -MP -c $< -o $@
-include $(PARKWFI:.o=.d)
$(B)/parkwfi/newel.elf: $(KOBJ) $(PARKWFI) $(link_parts)
	$(call link_kernel,$(KOBJ:$(B)/el2/vectors.S.o=$(PARKWFI)))

# Modules for tests/boot/test_modules_*.py: as those of somebody else, they are not of the tree.
TEST_MODULES   := $(call modules_in,tests/boot/modules)
# But for rival, which exports what another does: nobody is to link to it.
MODULE_SYMBOLS += $(patsubst %,$(B)/tests/modules/.objects/%.symbols,$(filter-out rival,$(TEST_MODULES)))
$(foreach m,$(TEST_MODULES),$(eval $(call MODULE_RULES,tests/boot/modules,$(B)/tests/modules,$(m),)))

boot-programs: $(BOOT_PROGRAMS) $(HOSTED_PROGRAMS) $(B)/parkwfi/newel.img $(TEST_MODULES:%=$(B)/tests/modules/%.ko)
.PHONY: boot-programs
