# armstub.mk - build/armstub8-newel.bin: EL3 is ours on a Raspberry Pi 4 (config.txt: armstub=armstub8-newel.bin).
#
# The kernel's own sources of that level and what they need, compiled once more: for size, and without what nobody here calls.

ARMSTUB        := $(B)/armstub8-newel
# armstub/rings.c is there in place of el3/rings.c and el3/move.c.
ARMSTUB_SRC    := $(sort $(wildcard armstub/*.c armstub/*.S) $(filter-out el3/rings.c el3/move.c,$(wildcard el3/*.c el3/*.S))) \
	$(addprefix start/,elect.S park.c cache.S boot_info.c early.c early_uart.c early_report.c early_vectors.S errata.S) \
	$(addprefix lib/,fdt.c fdt_bindings.c string.c)
ARMSTUB_OBJ    := $(ARMSTUB_SRC:%=$(B)/armstub/%.o)
# UBSAN=1 is the kernel's: here it would not fit, and what is here alone runs under it in the unit tests.
ARMSTUB_CFLAGS := $(filter-out -fsanitize% -DUBSAN,$(CFLAGS)) $(if $(filter 1,$(LLVM)),-Oz,-Os) -ffunction-sections -fdata-sections

$(eval $(call remember,armstub/objects,$$(ARMSTUB_OBJ) $$(ARMSTUB_CFLAGS)))

$(ARMSTUB_OBJ): | compiler

$(B)/armstub/%.c.o: %.c $(B)/flags $(B)/armstub/objects
	$(call say,CC,$< (armstub))
	@mkdir -p $(@D)
	$(Q)$(CC) $(ARMSTUB_CFLAGS) -MMD -MP -c $< -o $@

$(B)/armstub/%.S.o: %.S $(B)/flags $(B)/armstub/objects
	$(call say,AS,$< (armstub))
	@mkdir -p $(@D)
	$(Q)$(CC) $(ARMSTUB_CFLAGS) -MMD -MP -c $< -o $@

$(B)/armstub/link.ld: armstub/link.ld armstub/armstub.h mm/layout.h $(B)/flags | compiler
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -I. $< -o $@

$(ARMSTUB).elf: $(ARMSTUB_OBJ) $(B)/armstub/link.ld $(B)/armstub/objects $(B)/linker
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) --gc-sections -T $(B)/armstub/link.ld $(ARMSTUB_OBJ) -o $@

$(ARMSTUB).bin: $(ARMSTUB).elf
	$(call say,IMG,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

-include $(ARMSTUB_OBJ:.o=.d)
