# fuzz.mk - libFuzzer on the readers of what comes from outside.
#
#   make test-fuzz FUZZ_SECONDS=600 FUZZ='fdt cpio' FUZZ_SEED=0
#
# Each tests/fuzz/fuzz_NAME.c runs that long over build/fuzz/corpus/NAME, which begins with seeds made here and keeps
# what it finds; an input that breaks something stays in build/fuzz/crash-NAME-*.

FUZZ_DIR     := build/fuzz
FUZZ_SECONDS ?= 10
# The short run tries the same inputs on every machine, so that it fails by what has changed; 0 tries others each time.
FUZZ_SEED    ?= 1
FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CC      ?= clang
FUZZ_CFLAGS  := -std=gnu11 -O1 -g -Wall -Wextra -Wno-unused-parameter -iquote tests/fuzz -iquote tests/unit/shim -iquote tests/unit -iquote . \
	-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -MMD -MP
FUZZ_SRC     := $(wildcard lib/*.c) block/table.c $(UNIT_KMOD) armstub/fdt_edit.c armstub/tree.c tests/unit/fdt_compare.c tests/unit/fdt_oracle.c
# A program of these alone: another may #include some of them.
FUZZ_WORDS   := $(addprefix trace/,esr.c format.c names.c sysreg.c words.c) $(addprefix tools/trace/,strace.c structs.c)
# A file system on a disk in memory, which tests/unit/disk_shim.h is.
FUZZ_EXT2    := $(wildcard fs/ext2/*.c) tests/unit/disk_shim.c
FUZZ_FAT     := $(wildcard fs/fat/*.c) tests/unit/disk_shim.c
FUZZ_OBJ     := $(FUZZ_SRC:%=$(FUZZ_DIR)/%.o)
FUZZ_BIN     := $(FUZZ:%=$(FUZZ_DIR)/fuzz_%)

test-fuzz: fuzz-needs
	@$(MAKE) fuzz-programs
	@tests/fuzz/run $(FUZZ_DIR) $(FUZZ_SECONDS) $(FUZZ_SEED) $(FUZZ)

fuzz-programs: $(FUZZ_BIN) $(FUZZ_DIR)/corpus/elf/0 $(FUZZ_DIR)/corpus/ext2/0 $(MODULE_NAMES:%=$(FUZZ_DIR)/corpus/module/%) $(UNIT_DTBS:$(UNIT)/data/%=$(FUZZ_DIR)/corpus/fdt/%) \
	$(UNIT_DTBS:$(UNIT)/data/%=$(FUZZ_DIR)/corpus/armstub_tree/%)

$(FUZZ_DIR)/tests/unit/fdt_oracle.c.o: UNIT_HOST :=

$(FUZZ_DIR)/%.c.o: %.c tests/fuzz/fuzz.mk
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(UNIT_HOST) -c $< -o $@

$(FUZZ_DIR)/fuzz_trace_words: $(FUZZ_WORDS:%=$(FUZZ_DIR)/%.o)

$(FUZZ_DIR)/fuzz_ext2: $(FUZZ_EXT2:%=$(FUZZ_DIR)/%.o)

$(FUZZ_DIR)/fuzz_fat: $(FUZZ_FAT:%=$(FUZZ_DIR)/%.o)

$(FUZZ_DIR)/fuzz_%: $(FUZZ_DIR)/tests/fuzz/fuzz_%.c.o $(FUZZ_OBJ)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer $^ -lfdt -o $@

$(FUZZ_DIR)/corpus/elf/0: tests/unit/mkdata.py
	$(Q)$(PYTHON) tests/unit/mkdata.py fuzz $(FUZZ_DIR)/corpus

$(FUZZ_DIR)/corpus/ext2/0: tests/fuzz/ext2_seeds.py
	$(Q)$(PYTHON) tests/fuzz/ext2_seeds.py $(@D)

$(FUZZ_DIR)/corpus/module/%: $(B)/modules/%.ko
	@mkdir -p $(@D)
	@cp $< $@

$(FUZZ_DIR)/corpus/fdt/%: $(UNIT)/data/%
	@mkdir -p $(@D)
	@cp $< $@

$(FUZZ_DIR)/corpus/armstub_tree/%: $(UNIT)/data/%
	@mkdir -p $(@D)
	@cp $< $@

fuzz-needs:
	@tests/unit/needs $(FUZZ_CC) clang:$(FUZZ_CC) libfdt-dev:libfdt.h device-tree-compiler:dtc
	@tests/fuzz/run --needs $(FUZZ_CC)

.PHONY: test-fuzz fuzz-programs fuzz-needs
.SECONDARY: $(FUZZ_OBJ) $(FUZZ_BIN:$(FUZZ_DIR)/%=$(FUZZ_DIR)/tests/fuzz/%.c.o)
-include $(FUZZ_OBJ:.o=.d) $(patsubst %,$(FUZZ_DIR)/%.d,$(FUZZ_WORDS) $(FUZZ_EXT2) $(FUZZ_FAT)) $(FUZZ_BIN:$(FUZZ_DIR)/%=$(FUZZ_DIR)/tests/fuzz/%.c.d)
