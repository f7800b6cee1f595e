# vdso: the code that the kernel maps into every program (vdso(7)); it is linked as a library of its own, and put whole
# into the kernel's read-only data by task/vdso_image.S.

VDSOB := $(B)/vdso
VDSO_CFLAGS := $(filter-out -fno-pic -fno-pie -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -ffixed-x18 -fsanitize%,$(CFLAGS)) \
	-fpic -fvisibility=hidden -fasynchronous-unwind-tables -fomit-frame-pointer
VDSO_LDFLAGS := -shared -soname=linux-vdso.so.1 --hash-style=both --eh-frame-hdr --build-id=none -Bsymbolic -z text \
	-z noexecstack -z max-page-size=4096 -s $(LD_ERRATA)
VDSO_OBJ := $(patsubst %,$(B)/%.o,$(wildcard vdso/*.c vdso/*.S))

$(VDSO_OBJ): vdso/vdso.mk | compiler
$(VDSOB)/%.c.o: vdso/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) -MMD -MP -c $< -o $@

$(VDSOB)/%.S.o: vdso/%.S $(B)/flags
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) -MMD -MP -c $< -o $@

$(VDSOB)/vdso.so: $(VDSO_OBJ) vdso/vdso.lds $(B)/linker
	$(call say,LD,$@)
	$(Q)$(LD) $(VDSO_LDFLAGS) -T vdso/vdso.lds -o $@ $(VDSO_OBJ)

$(B)/task/vdso_image.S.o: $(VDSOB)/vdso.so
$(B)/task/vdso_image.S.o: CFLAGS += -DVDSO_IMAGE='"$(VDSOB)/vdso.so"'
-include $(VDSO_OBJ:.o=.d)
