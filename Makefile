# Newel: build, run, test.  `make help` lists the targets.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
B := build

# ---- tools ---------------------------------------------------------------
# CROSS_COMPILE is found by itself; LLVM=1 builds with clang and lld.
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(firstword $(foreach p,aarch64-none-elf- aarch64-elf- aarch64-linux-gnu-,\
	$(if $(shell command -v $(p)gcc 2>/dev/null),$(p))))
endif
ifeq ($(LLVM),1)
CC      := clang --target=aarch64-linux-gnu
LD      := ld.lld
OBJCOPY := llvm-objcopy
NM      := llvm-nm
B       := build/llvm
else
CC      := $(CROSS_COMPILE)gcc
LD      := $(CROSS_COMPILE)ld
OBJCOPY := $(CROSS_COMPILE)objcopy
NM      := $(CROSS_COMPILE)nm
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

# ---- kernel --------------------------------------------------------------
KDIRS := start el3 el2 el1 trace fs task mm drivers $(patsubst %/,%,$(wildcard drivers/*/)) log arm lib
KSRC  := $(sort $(foreach d,$(KDIRS),$(wildcard $(d)/*.c $(d)/*.S)))
KOBJ  := $(KSRC:%=$(B)/%.o)

CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-I. -mgeneral-regs-only -mstrict-align -ffixed-x18 -fno-common -fno-pic -fno-pie \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -fno-stack-protector -fno-builtin-printf \
	-ffile-prefix-map=$(CURDIR)=. \
	-Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wno-unused-parameter -MMD -MP
ifeq ($(LLVM),1)
CFLAGS += -Wno-gnu-variable-sized-type-not-at-end
else
CFLAGS += -mno-outline-atomics
endif

all: $(B)/newel.elf $(B)/newel.img

$(B)/%.c.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(B)/%.S.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

$(B)/newel.elf: $(KOBJ) link.ld
	$(call say,LD,$@)
	$(Q)$(LD) -nostdlib -static --build-id=none -z max-page-size=4096 -T link.ld -o $@ $(KOBJ)

$(B)/newel.img: $(B)/newel.elf
	$(call say,IMG,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

clean:
	rm -rf build

.PHONY: all clean
-include $(KOBJ:.o=.d)
