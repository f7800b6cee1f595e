# tests/boot/dynamic: dynamic programs and their libraries, with the loader and C library of a compiler for Linux in /lib of an
# archive that is booted as el0.cpio is.

DYN          := $(B)/tests/dynamic
DYN_LIBS     := $(DYN)/libone.so $(DYN)/libtwo.so $(DYN)/preload.so
DYN_PROGRAMS := $(DYN)/dynamic_pie $(DYN)/dynamic_fixed $(DYN)/dynamic_lazy

# How each is linked.
DYN_PIE   := -fPIE -pie
DYN_FIXED := -fno-PIE -no-pie -Wl,-z,now
DYN_LAZY  := -fPIE -pie -Wl,-z,lazy

$(DYN)/libone.so: tests/boot/dynamic/one.c
$(DYN)/libtwo.so: tests/boot/dynamic/two.c
$(DYN)/preload.so: tests/boot/dynamic/preload.c
$(DYN_LIBS): tests/boot/dynamic/dynamic.mk | compiler
	$(call say,SO,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) -fPIC -shared -s -Wl,-soname,$(@F) -MF $@.d -MT $@ -o $@ $(filter %.c,$^)

$(DYN_PROGRAMS): $(DYN)/dynamic_%: tests/boot/dynamic/dynamic.c tests/el0/tap.c tests/boot/dynamic/dynamic.mk $(DYN)/libone.so
	$(call say,GLIBC,$@)
	$(Q)$(HOSTED_CC) $(LIBC_CFLAGS) $(DYN_$(shell echo $* | tr a-z A-Z)) -s -MF $@.d -MT $@ -o $@ $(filter %.c %.so,$^)

$(DYN).cpio: tests/el0/initrd.spec tests/boot/dynamic/initrd.spec tools/mkcpio.py $(DYN_LIBS) \
		$(DYN_PROGRAMS) $(B)/tests/el0/init $(EL0B)/hello $(EL0B)/where
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/mkcpio.py $@ tests/el0/initrd.spec tests/boot/dynamic/initrd.spec T=$(B)/tests/el0 B=$(EL0B) D=$(DYN) \
		L=$(dir $(shell $(HOSTED_CC) -print-file-name=libc.so.6))

# The GNU compiler alone, as for the other programs of a C library.
ifneq ($(LLVM),1)
DYNAMIC := $(if $(HOSTED_CC),$(if $(wildcard $(shell $(HOSTED_CC) -print-file-name=libc.so.6 2>/dev/null)),$(DYN).cpio))
endif

-include $(DYN_LIBS:=.d) $(DYN_PROGRAMS:=.d)
