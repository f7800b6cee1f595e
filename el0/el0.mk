# el0: our own EL0 programs on their own tiny C library, and the initrd made of them.
#
# A program NAME is el0/NAME.c, or all of el0/NAME/*.c.  They are static, at a fixed address; those of EL0_PIE are static-pie.
# el0/link.ld says how they are laid out.
# The initrd is linked into the kernel too: what it boots when it is given no other.

EL0B      := $(B)/el0
EL0_ONE   := $(patsubst el0/%.c,%,$(wildcard el0/*.c))
EL0_MANY  := sh demos levels trace vm
EL0_PIE   := where
EL0_PROGS := $(EL0_ONE) $(EL0_MANY) hello

EL0_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) \
	-I. -march=armv8-a -fPIE -fno-stack-protector -fno-common -fno-builtin -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -mno-outline-atomics -ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns $(CC_ERRATA) \
	-ffile-prefix-map=$(CURDIR)=. \
	-Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
ifeq ($(LLVM),1)
EL0_CFLAGS := $(filter-out -fno-tree-loop-distribute-patterns,$(EL0_CFLAGS))
endif
EL0_LDFLAGS := -nostdlib -static -s --gc-sections --build-id=none -z max-page-size=4096 -z noexecstack $(LD_ERRATA)
EL0_FIXED   := -T $(EL0B)/fixed.ld
EL0_MOVABLE := -T $(EL0B)/pie.ld -pie --no-dynamic-linker --hash-style=gnu -z text

EL0_LIB := $(patsubst %,$(EL0B)/%.o,$(wildcard el0/lib/*.c el0/lib/*.S))
EL0_OBJ := $(EL0_LIB) $(patsubst %,$(EL0B)/%.o,$(wildcard el0/*.c $(EL0_MANY:%=el0/%/*.c)))

$(EL0_OBJ): el0/el0.mk | compiler
$(EL0B)/%.c.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EL0_CFLAGS) -MMD -MP -c $< -o $@

$(EL0B)/%.S.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EL0_CFLAGS) -MMD -MP -c $< -o $@

EL0_SCRIPTS := $(EL0B)/fixed.ld $(EL0B)/pie.ld $(B)/linker
$(filter %.ld,$(EL0_SCRIPTS)): el0/link.ld $(B)/flags | compiler
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp $(if $(findstring pie,$(@F)),-DPIE) $< -o $@

EL0_LINK = $(LD) $(EL0_LDFLAGS) $(if $(filter $(@F),$(EL0_PIE)),$(EL0_MOVABLE),$(EL0_FIXED)) $(filter %.o,$^) -o $@
# The same with its symbols, for gdb on this machine (el-add-user-syms): NAME.debug.
EL0_LINK_DEBUG = $(filter-out -s,$(EL0_LINK)).debug

$(EL0_ONE:%=$(EL0B)/%): $(EL0B)/%: $(EL0B)/el0/%.c.o $(EL0_LIB) $(EL0_SCRIPTS)
	$(call say,EL0,$@)
	$(Q)$(EL0_LINK) && $(EL0_LINK_DEBUG)

define EL0_MANY_RULE
$(EL0B)/$(1): $(patsubst %,$(EL0B)/%.o,$(wildcard el0/$(1)/*.c)) $(EL0_LIB) $(EL0_SCRIPTS)
	$$(call say,EL0,$$@)
	$$(Q)$$(EL0_LINK) && $$(EL0_LINK_DEBUG)
endef
$(foreach p,$(EL0_MANY),$(eval $(call EL0_MANY_RULE,$(p))))

# The assembler and the linker alone, as a user types it: every byte of this program is in its source.
$(EL0B)/hello: el0/hello.s $(B)/linker | compiler
	$(call say,EL0,$@)
	@mkdir -p $(@D)
	$(Q)$(if $(filter 1,$(LLVM)),$(CC) -c,$(CROSS_COMPILE)as) -o $@.o $<
	$(Q)$(LD) -o $@ $@.o

$(EL0B)/initrd.cpio: el0/initrd.spec tools/mkcpio.py $(EL0_PROGS:%=$(EL0B)/%)
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/mkcpio.py $@ $< B=$(EL0B)

$(B)/fs/embedded_initrd.S.o: $(EL0B)/initrd.cpio
$(B)/fs/embedded_initrd.S.o: CFLAGS += -DEMBEDDED_INITRD='"$(EL0B)/initrd.cpio"'

el0: $(EL0B)/initrd.cpio
all: el0
.PHONY: el0
-include $(EL0_OBJ:.o=.d)
