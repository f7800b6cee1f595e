# unit.mk - the host tests: the kernel's pure code, built for this machine with every sanitizer, under cmocka.
#
# Each tests/unit/test_NAME.c is a program; what it does not #include itself it gets from unit.a.  host.h comes
# before everything (names that the C library has too), shim/ stands before the kernel's own arm/.

UNIT   := build/unit
HOSTCC ?= cc
UNIT_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Wno-unused-parameter -iquote tests/unit/shim -iquote tests/unit -iquote . \
	-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -MMD -MP
UNIT_HOST  := -include tests/unit/host.h
# What test_vfs runs: the files and their system calls, as far as they need no device.
UNIT_VFS   := $(addprefix fs/,acl.c ramxattr.c hash.c iter.c dentry.c inode.c mount.c walk.c name.c open.c file.c fdtable.c context.c tmpfs.c tmpfs_file.c ramdir.c pipe.c lock.c lock_ops.c \
	poll.c initrd.c splice.c ring.c) $(addprefix sys/,pathname.c time/usertime.c spans.c $(addprefix file/,rw.c open.c fcntl.c path.c stat.c target.c poll.c copy.c)) \
	mm/object.c mm/swap.c mm/giveway.c task/cred.c task/user.c
# The parts of the module loader that look at nothing but the file.
UNIT_KMOD  := $(addprefix kmod/,image.c layout.c modinfo.c params.c reloc.c reloc_names.c sections.c)
UNIT_SRC   := $(filter-out log/ksym.c,$(wildcard lib/*.c log/*.c)) block/table.c $(UNIT_VFS) $(UNIT_KMOD) armstub/fdt_edit.c armstub/tree.c \
	$(wildcard fs/fat/*.c) \
	trace/words.c $(addprefix tools/trace/,strace.c structs.c) $(filter-out tests/unit/test_% tests/unit/disk_shim.c,$(wildcard tests/unit/*.c))
UNIT_OBJ   := $(UNIT_SRC:%=$(UNIT)/%.o)
UNIT_TESTS := $(patsubst tests/unit/test_%.c,$(UNIT)/test_%,$(wildcard tests/unit/test_*.c))
UNIT_DTBS  := $(patsubst tests/unit/dts/%.dts,$(UNIT)/data/%.dtb,$(wildcard tests/unit/dts/*.dts))

test-unit: unit-needs
	@$(MAKE) unit-programs unit-string
	@tests/unit/run $(UNIT) $(UNIT_TESTS)

unit-programs: $(UNIT_TESTS) $(UNIT_DTBS) $(UNIT)/data/0.gz $(UNIT)/data/mutants/list

# The oracles alone see the names of libfdt and of the C library as they are.
$(UNIT)/tests/unit/fdt_oracle.c.o $(UNIT)/tests/unit/vfs_oracle.c.o: UNIT_HOST :=

$(UNIT)/%.c.o: %.c tests/unit/unit.mk
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $(UNIT_HOST) -c $< -o $@

$(UNIT)/unit.a: $(UNIT_OBJ)
	@rm -f $@
	$(Q)ar qcs $@ $^

# Before the archive, which has other things of the same names.
$(UNIT)/test_fat: $(UNIT)/tests/unit/test_fat.c.o $(UNIT)/tests/unit/disk_shim.c.o $(UNIT)/unit.a
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $^ -lcmocka -o $@

$(UNIT)/test_%: $(UNIT)/tests/unit/test_%.c.o $(UNIT)/unit.a
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $^ -lcmocka -lfdt -lpthread -o $@

$(UNIT)/data/%.dtb: tests/unit/dts/%.dts
	@mkdir -p $(@D)
	$(Q)dtc -q -I dts -O dtb -o $@ $<

$(UNIT)/data/pi4-high.dtb: tests/unit/dts/pi4.dts

$(UNIT)/data/0.gz: tests/unit/mkdata.py
	$(Q)$(PYTHON) tests/unit/mkdata.py unit $(UNIT)/data

$(UNIT)/data/mutants/list: $(B)/modules/hello.ko tests/boot/mutants.py tests/boot/oracle/modules.txt
	$(Q)$(PYTHON) tests/boot/mutants.py $< $(@D)

# A compiler that makes calls of lib/string.c's loops makes memcpy call itself.
unit-string: $(B)/lib/string.c.o
	@calls=$$($(NM) -u $<); [ -z "$$calls" ] || { echo "$<: calls $$calls" >&2; exit 1; }

unit-needs:
	@tests/unit/needs $(HOSTCC) gcc:$(HOSTCC) libcmocka-dev:cmocka.h libfdt-dev:libfdt.h device-tree-compiler:dtc

.PHONY: test-unit unit-programs unit-string unit-needs
.SECONDARY: $(UNIT_TESTS:$(UNIT)/%=$(UNIT)/tests/unit/%.c.o)
-include $(UNIT_OBJ:.o=.d) $(UNIT)/tests/unit/disk_shim.c.d $(UNIT_TESTS:$(UNIT)/%=$(UNIT)/tests/unit/%.c.d)
