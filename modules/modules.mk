# modules.mk - loadable modules: each NAME.c of this folder, or each folder NAME of it, becomes build/modules/NAME.ko.
#
#   make modules               those of modules/
#   make modules M=/path       each NAME.c of that folder, into it: /path/NAME.ko
#
# A module is compiled with the kernel's own flags, and carries what it was compiled against (vermagic): names, layouts, flags.
# All three are known from the sources alone, so the kernel holds the same text and no module waits for its link.

# ---- what is exported, and the text by which kernel and module know each other ----
EXPORT_SRC     := $(filter-out start/% el2/% el3/%,$(filter %.c,$(KSRC)))
EXPORT_HEADERS := $(wildcard $(addsuffix *.h,$(sort $(dir $(EXPORT_SRC)))))
VERMAGIC_CC    := $(CC) $(CFLAGS)
# Paths are no property of what is compiled.
VERMAGIC_FLAGS := $(filter-out -isystem -I% -ffile-prefix-map=% /%,$(CFLAGS))
move_if_changed = cmp -s $(1).new $(1) && rm -f $(1).new || mv $(1).new $(1)

# The stamps are as new as the sources; the files beside them only as new as the last change in what they say.
$(B)/exports.stamp: $(EXPORT_SRC) $(EXPORT_HEADERS) $(B)/objects tools/exports.py tools/csource.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/exports.py names $(EXPORT_SRC) >$(B)/exports.new && $(call move_if_changed,$(B)/exports)
	$(Q)$(PYTHON) tools/exports.py header $(EXPORT_SRC) >$(B)/exports.h.new && $(call move_if_changed,$(B)/exports.h)
	@touch $@
$(B)/exports $(B)/exports.h: $(B)/exports.stamp ;

$(B)/vermagic.stamp: $(B)/exports $(B)/exports.h $(B)/flags log/version.h tools/exports.py | compiler
	$(Q)$(VERMAGIC_CC) -w -D__LINE__=0 -E -P -dD -MMD -MP -MF $(B)/vermagic.d -MT $@ -x c $(B)/exports.h -o $(B)/layouts
	$(Q)$(VERMAGIC_CC) -E -P -dM -x c /dev/null -o $(B)/predefined
	$(Q){ $(CC) --version | head -n 1; echo '$(VERMAGIC_FLAGS)'; } >$(B)/module-flags
	$(Q)$(PYTHON) tools/exports.py vermagic "$$(sed -n 's/^#define UTS_RELEASE *"\([^"]*\)".*/\1/p' log/version.h)" \
		$(B)/exports $(B)/layouts $(B)/predefined $(B)/module-flags >$(B)/vermagic.new && $(call move_if_changed,$(B)/vermagic)
	@touch $@
$(B)/vermagic: $(B)/vermagic.stamp ;
-include $(B)/vermagic.d

$(B)/kmod/vermagic.S.o: $(B)/vermagic
$(B)/kmod/vermagic.S.o: CFLAGS += -DVERMAGIC='"$(B)/vermagic"'

docs/exports.md: $(B)/exports.stamp
	$(call say,DOC,$@)
	$(Q)$(PYTHON) tools/exports.py docs $(EXPORT_SRC) >$(B)/exports.md && cp $(B)/exports.md $@

# ---- modules ----
# The frames of functions are told to gdb alone (.debug_frame), not laid into the module (.eh_frame).
MODULE_CFLAGS := $(CFLAGS) -fno-unwind-tables -DMODULE
MODULE_LD := -r -z noexecstack --build-id=none -T modules/module.ld

# names of the modules of folder $(1); the sources of module $(2) there
modules_in      = $(sort $(patsubst $(1)/%.c,%,$(wildcard $(1)/*.c)) $(patsubst $(1)/%/,%,$(dir $(wildcard $(1)/*/*.c))))
module_sources  = $(wildcard $(1)/$(2).c $(1)/$(2).S $(1)/$(2)/*.c $(1)/$(2)/*.S)

# $(1): folder of sources, $(2): folder of what is built, $(3): name, $(4): intree or nothing
define MODULE_RULES
$(2)/.objects/$(3)/%.o: $(1)/% $$(B)/flags modules/modules.mk | compiler
	$$(call say,CC,$$< (module))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(if $(4),$$(MODULE_CFLAGS),$$(filter-out -Werror,$$(MODULE_CFLAGS))) -DMODULE_NAME='"$(subst -,_,$(3))"' -MMD -MP -c $$< -o $$@

$(2)/.objects/$(subst -,_,$(3)).symbols: $(patsubst $(1)/%,$(2)/.objects/$(3)/%.o,$(call module_sources,$(1),$(3)))
	$$(Q)$$(NM) -A -P $$^ >$$@

$(2)/.objects/$(3).mod.c: $(2)/.objects/$(subst -,_,$(3)).symbols $$(MODULE_SYMBOLS) $$(B)/exports $$(B)/vermagic tools/modpost.py
	$$(Q)$$(PYTHON) tools/modpost.py $(subst -,_,$(3)) $$(B)/exports $$(B)/vermagic $$(filter %.symbols,$$^) $(4) >$$@

$(2)/$(3).ko: $(2)/.objects/$(3).mod.c $(patsubst $(1)/%,$(2)/.objects/$(3)/%.o,$(call module_sources,$(1),$(3))) modules/module.ld $$(B)/linker
	$$(call say,MODULE,$$@)
	$$(Q)$$(CC) $$(MODULE_CFLAGS) -c $$< -o $$(basename $$<).o
	$$(Q)$$(LD) $$(MODULE_LD) $$(filter %.o,$$^) $$(basename $$<).o -o $$@.debug
	$$(Q)$$(OBJCOPY) --strip-debug $$@.debug $$@
-include $(patsubst $(1)/%,$(2)/.objects/$(3)/%.d,$(call module_sources,$(1),$(3)))
endef

MODULE_NAMES   := $(call modules_in,modules)
MODULE_KO      := $(MODULE_NAMES:%=$(B)/modules/%.ko)
MODULE_SYMBOLS := $(patsubst %,$(B)/modules/.objects/%.symbols,$(subst -,_,$(MODULE_NAMES)))
$(foreach m,$(MODULE_NAMES),$(eval $(call MODULE_RULES,modules,$(B)/modules,$(m),intree)))

ifneq ($(M),)
MODULE_FOLDER  := $(abspath $(M))
MODULE_KO      := $(patsubst %,$(MODULE_FOLDER)/%.ko,$(call modules_in,$(MODULE_FOLDER)))
MODULE_SYMBOLS += $(patsubst %,$(MODULE_FOLDER)/.objects/%.symbols,$(subst -,_,$(call modules_in,$(MODULE_FOLDER))))
$(foreach m,$(call modules_in,$(MODULE_FOLDER)),$(eval $(call MODULE_RULES,$(MODULE_FOLDER),$(MODULE_FOLDER),$(m),)))
endif

# ---- /lib/modules, as files and as an archive that is put behind an initrd: make run MODULES=1 ----
MODULE_TREE := $(MODULE_NAMES:%=kernel=$(B)/modules/%.ko) $(if $(M),$(MODULE_KO:%=extra=%))
$(eval $(call remember,modules/tree,$$(MODULE_TREE)))

$(B)/modules.cpio: $(sort $(MODULE_NAMES:%=$(B)/modules/%.ko) $(MODULE_KO)) $(B)/modules/tree log/version.h tools/depmod.py tools/kofile.py tools/mkcpio.py
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/depmod.py $(B)/modules/lib log/version.h $(MODULE_TREE) >$(B)/modules/tree.spec
	$(Q)$(PYTHON) tools/mkcpio.py $@ $(B)/modules/tree.spec

modules: $(MODULE_KO) $(if $(M),,$(B)/modules.cpio)
	@[ -n "$(MODULE_KO)" ] || { echo 'make modules: there is no NAME.c in $(or $(M),modules)' >&2; exit 1; }
.PHONY: modules

# What is booted: the initrd as it was given, or with modules or a guest behind it (cpio archives follow each other at a multiple of 4).
BOOT_MORE := $(if $(filter 1,$(MODULES)),$(B)/modules.cpio) $(if $(filter 1,$(VM)),$(B)/vm.cpio)
ifneq ($(strip $(BOOT_MORE)),)
BOOT_INITRD := $(B)/with-more.cpio
$(BOOT_INITRD): initrds $(BOOT_MORE) force
	$(Q)cp -- "$$INITRD_GIVEN" $@ && truncate -s %512 $@ && cat $(BOOT_MORE) >>$@
else
BOOT_INITRD := $$INITRD_GIVEN
endif
boot-initrd: initrds $(if $(strip $(BOOT_MORE)),$(BOOT_INITRD))
.PHONY: boot-initrd
