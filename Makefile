# Newel: build, run, test.  `make help` lists the targets.
#
# Every *.c and *.S of the kernel's folders is built: a new file needs no line here.  What is built
# depends on what it is built from and on nothing else: headers (-MMD), flags ($(B)/flags), the list of
# files ($(B)/objects); two builds of one commit have one hash, wherever they stand.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
SHELL := /bin/sh

# ---- how it talks ----------------------------------------------------------
Q := $(if $(filter 1,$(V)),,@)
ifneq ($(and $(MAKE_TERMOUT),$(if $(NO_COLOR),,1)),)
say = $(if $(filter 1,$(V)),,@printf '  \033[36m%-7s\033[0m %s\n' '$(1)' '$(2)')
else
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')
endif

# ---- tools -----------------------------------------------------------------
# CROSS_COMPILE is found by itself; LLVM=1 builds with clang and lld.
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(firstword $(foreach p,aarch64-none-elf- aarch64-elf- aarch64-linux-gnu-,\
	$(if $(shell command -v $(p)gcc 2>/dev/null),$(p))))
ifeq ($(CROSS_COMPILE)$(filter aarch64 arm64,$(shell uname -m)),)
CROSS_COMPILE := aarch64-linux-gnu-
endif
endif
ifeq ($(LLVM),1)
B       := build/llvm
CC      := clang --target=aarch64-linux-gnu
LD      := ld.lld
OBJCOPY := llvm-objcopy
NM      := llvm-nm
else
B       := build
CC      := $(CROSS_COMPILE)gcc
LD      := $(CROSS_COMPILE)ld
OBJCOPY := $(CROSS_COMPILE)objcopy
NM      := $(CROSS_COMPILE)nm
endif
ifeq ($(UBSAN),1)
B       := $(B)/ubsan
endif
ifeq ($(CHECKED),1)
B       := $(B)/checked
endif
# A C library for Linux belongs to the tests alone: their programs are made by $(CC) if it is a compiler for Linux, and
# otherwise by Debian's, if it is there.
HOSTED_CC := $(if $(findstring linux,$(shell $(CC) -dumpmachine 2>/dev/null)),$(CC),$(shell command -v aarch64-linux-gnu-gcc 2>/dev/null))
HOSTED_LIBC := $(if $(HOSTED_CC),$(wildcard $(shell $(HOSTED_CC) -print-file-name=libc.a 2>/dev/null)))
# Debian's own python3: the one that Debian's pytest and pexpect belong to.
PYTHON  := $(firstword $(wildcard /usr/bin/python3) python3)

# Errata 835769 and 843419 of Cortex-A53 (docs/hardware-rules.md): the compiler goes around the first, and GNU's linker too, in
# what is written in assembly; the linker around the second.  `make check` looks for both in what was built.
CC_ERRATA := -mfix-cortex-a53-835769
LD_ERRATA := --fix-cortex-a53-843419 $(if $(findstring lld,$(LD)),,--fix-cortex-a53-835769)

# ---- kernel ----------------------------------------------------------------
KDIRS := start el3 el2 el1 selftest trace $(foreach d,sys kvm kmod net fs block task mm drivers,$(d) $(patsubst %/,%,$(wildcard $(d)/*/))) log arm lib
# resident_vectors.S is a part of el2/vectors.S and of el3/vectors.S.
KSRC  := $(filter-out arm/resident_vectors.S,$(sort $(foreach d,$(KDIRS),$(wildcard $(d)/*.c $(d)/*.S))))
KOBJ  := $(KSRC:%=$(B)/%.o)

CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) \
	-I. \
	-march=armv8-a -mgeneral-regs-only -mstrict-align -ffixed-x18 -fno-common -fno-pic -fno-pie \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -fno-stack-protector -fno-builtin-printf \
	-ffile-prefix-map=$(CURDIR)=. \
	-Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wno-unused-parameter -mno-outline-atomics $(CC_ERRATA)
ifeq ($(LLVM),1)
CFLAGS += -Wno-gnu-variable-sized-type-not-at-end
endif
# Undefined behaviour traps: a BRK in the kernel, and its panic says where.  UBSAN: what costs too much to check always.
ifeq ($(UBSAN),1)
CFLAGS += -DUBSAN -fsanitize=undefined $(if $(filter 1,$(LLVM)),-fsanitize-trap=undefined,-fsanitize-undefined-trap-on-error)
endif
# The longest stretches masked, with a lock held, without giving way are measured: arm/stretch.h.
ifeq ($(CHECKED),1)
CFLAGS += -DCHECKED
endif
LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=4096 -z noexecstack $(LD_ERRATA)

all: $(B)/newel.elf $(B)/newel.img $(B)/armstub8-newel.bin

# A file that holds what a recipe depends on beside files, rewritten only when that changes.
define remember
$(B)/$(1): force
	@mkdir -p $$(@D)
	@echo '$$(subst ','\'',$(2))' | cmp -s - $$@ || echo '$$(subst ','\'',$(2))' >$$@
endef
$(eval $(call remember,flags,$$(CC) $$(CFLAGS)))
$(eval $(call remember,linker,$$(LD) $$(LDFLAGS)))
$(eval $(call remember,objects,$$(KOBJ)))

$(KOBJ): | compiler

$(B)/%.c.o: %.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/%.S.o: %.S $(B)/flags
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/link.ld: link.ld mm/layout.h $(B)/flags | compiler
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -I. $< -o $@

# Three links, because the kernel holds the table of its own symbols: see tools/ksyms.py.  The objects are $(1).
LINK   = $(LD) $(LDFLAGS) -T $(B)/link.ld $(1) $(B)/vhe.o
KSYMS  = $(@D)/ksyms
ksyms  = $(1) >$(KSYMS).S && $(CC) -c $(KSYMS).S -o $(KSYMS).o
define link_kernel
	$(call say,LD,$@)
	$(Q)$(call ksyms,$(PYTHON) tools/ksyms.py --empty) && $(LINK) $(KSYMS).o -o $(KSYMS).elf
	$(Q)$(call ksyms,$(NM) $(KSYMS).elf | $(PYTHON) tools/ksyms.py) && $(LINK) $(KSYMS).o -o $(KSYMS).elf
	$(Q)$(call ksyms,$(NM) $(KSYMS).elf | $(PYTHON) tools/ksyms.py) && $(LINK) $(KSYMS).o -o $@
	@rm -f $(KSYMS).*
endef
link_parts := $(B)/vhe.o $(B)/link.ld $(B)/objects $(B)/linker tools/ksyms.py

$(B)/newel.elf: $(KOBJ) $(link_parts)
	$(call link_kernel,$(KOBJ))

# el2/'s half for guests once more, for a kernel that is at EL2 itself (el2/vhe.h): all names but those that the kernel calls
# are its own.
VHE_OBJ := $(patsubst %,$(B)/vhe/%.o,run.c switch.S guest.c guest_s2.c machine.c pool.c table.c tlb.c vmid.c)
$(VHE_OBJ): $(B)/vhe/%.o: el2/% $(B)/flags | compiler
	$(call say,CC,$< (VHE))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -DEL2_VHE -MMD -MP -c $< -o $@

$(B)/vhe.o: $(VHE_OBJ)
	$(call say,LD,$@)
	$(Q)$(LD) -r $(VHE_OBJ) -o $@ && $(OBJCOPY) -w -G 'vhe_*' $@

%.img: %.elf
	$(call say,IMG,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

compiler:
	@command -v $(firstword $(CC)) >/dev/null || { \
		echo 'make: no compiler for AArch64 ($(firstword $(CC))) was found.  To install one:' >&2; \
		echo '  tools/setup build      (as root or with sudo; or choose your own by CROSS_COMPILE=prefix-)' >&2; \
		exit 1; }

# What tools/check needs to know of this build.
print-%:
	@echo '$($*)'

force:
.PHONY: all clean compiler force
-include $(KOBJ:.o=.d) $(VHE_OBJ:.o=.d)

clean:
	$(call say,CLEAN,build (but for build/parts: what was downloaded))
	$(Q)[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name parts -exec rm -rf {} +

# ---- what other folders build ----------------------------------------------
include armstub/armstub.mk vdso/vdso.mk modules/modules.mk bench/bench.mk tests/boot/boot.mk tests/stretch/stretch.mk tools/trace/trace.mk
-include el0/el0.mk tests/unit/unit.mk tests/fuzz/fuzz.mk tests/abi/abi.mk tests/el0/el0tests.mk \
	tests/boot/dynamic/dynamic.mk

# ---- run -------------------------------------------------------------------
BOARD  ?= virt
EL     ?= $(if $(filter raspi4b,$(BOARD)),2,3)
SMP    ?= 4
CPU    ?= cortex-a72
GIC    ?= 2
APPEND ?=
# The shell: Debian's busybox where it could be fetched, else our own.
ifeq ($(origin INITRD),undefined)
INITRD := $(if $(value DISK),,$(if $(wildcard build/parts/busybox),$(B)/busybox.cpio,$(B)/el0/initrd.cpio))
endif
# DISK: a disk to boot from, which keeps what is written; SHARE: a folder that becomes /host.
# These reach the tools in the environment, as they were written: neither make's `$` nor a shell reads what is in them.  Make
# would export what it was given on its command line by itself, but expanded.
export APPEND_GIVEN := $(value APPEND)
export INITRD_GIVEN := $(value INITRD)
export CMD_GIVEN := $(value CMD)
export DISK_GIVEN := $(value DISK)
export SHARE_GIVEN := $(value SHARE)
ifeq ($(origin APPEND),command line)
unexport APPEND
endif
ifeq ($(origin INITRD),command line)
unexport INITRD
endif
ifeq ($(origin CMD),command line)
unexport CMD
endif
ifeq ($(origin DISK),command line)
unexport DISK
endif
ifeq ($(origin SHARE),command line)
unexport SHARE
endif
GDB_TOOLS := build/host/esr build/host/pte $(TRACE_DECODE)
MACHINE := --build $(B) --board $(BOARD) --el $(EL) --smp $(SMP) --cpu $(CPU) --gic $(GIC) \
	$(if $(value DISK),--disk="$$DISK_GIVEN") $(if $(value SHARE),--share="$$SHARE_GIVEN")

# Each target that needs more than a compiler installs it first, and then starts make again: the second
# one sees what the first one installed.
run trace debug:
	@tools/setup $(if $(filter debug,$@),debug,run) $(if $(filter trace,$@),$(if $(value CMD),trace))
	@tools/debian-parts busybox $(if $(filter raspi4b,$(BOARD)),dtb) || \
		echo '  PART    going on without it: the shell will be our own'
	@$(MAKE) all initrds
	@$(MAKE) start-$@

start-run: boot-initrd
	$(call say,QEMU,$(BOARD)$(,) entered at EL$(EL)$(,) $(SMP) cores; ^A x ends it)
	$(Q)$(PYTHON) tools/qemu.py $(MACHINE) --initrd="$(BOOT_INITRD)" --append="$$APPEND_GIVEN"

# CMD: run that, and keep its trace (tools/trace/run.py).  Without: a shell, and every crossing is printed.
TIME ?= 60
start-trace: $(if $(CMD),all build/host/newel-trace-decode) boot-initrd
ifneq ($(value CMD),)
	$(call say,QEMU,$(BOARD)$(,) entered at EL$(EL)$(,) $(SMP) cores$(,) at most $(TIME) seconds)
	$(Q)$(PYTHON) tools/trace/run.py $(MACHINE) --initrd="$(BOOT_INITRD)" --append="$$APPEND_GIVEN" --cmd="$$CMD_GIVEN" \
		--kinds="$(KINDS)" --filters="$(FILTERS)" --time=$(TIME)
else
	$(call say,QEMU,$(BOARD)$(,) every crossing printed; ^A x ends it)
	$(Q)$(PYTHON) tools/qemu.py $(MACHINE) --initrd="$(BOOT_INITRD)" --append="trace=all $$APPEND_GIVEN"
endif

start-debug: boot-initrd $(GDB_TOOLS)
	$(Q)$(PYTHON) gdb/debug.py $(MACHINE) --initrd="$(BOOT_INITRD)" --append="$$APPEND_GIVEN"

, := ,

initrds: $(B)/el0/initrd.cpio $(if $(wildcard build/parts/busybox),$(B)/busybox.cpio)

# Our own system, and Debian's busybox where ours has a lesser one.
$(B)/busybox.cpio: el0/initrd.spec tools/busybox.spec build/parts/busybox $(B)/el0/initrd.cpio tools/mkcpio.py
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/mkcpio.py $@ el0/initrd.spec tools/busybox.spec B=$(B)/el0 PARTS=build/parts

# VM=1: vm, and this very system as its guest.
$(B)/vm.cpio: el0/vm/vm.spec $(B)/el0/vm $(B)/newel.img initrds tools/mkcpio.py
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) tools/mkcpio.py $@ $< B=$(B) INITRD=$(firstword $(wildcard $(B)/busybox.cpio) $(B)/el0/initrd.cpio)

# ---- a card for the Raspberry Pi 4 -----------------------------------------
# LOADER: what the board's firmware starts.  DEV=/dev/sdX: write that card, after a question (YES=1: without; FORCE=/dev/sdX:
# though it is not removable).  FIRMWARE=no: a card for QEMU alone, without the board's own firmware, which is not free software.
LOADER ?= firmware
OUT    ?= $(B)/sdcard-$(LOADER).img
CARD_PARTS := dtb $(if $(filter no,$(FIRMWARE)),,firmware) $(if $(filter uboot,$(LOADER)),uboot) \
	$(if $(filter tfa,$(LOADER)),tfa)

sdcard:
	@tools/setup sdcard
	@tools/debian-parts busybox || echo '  PART    going on without it: the shell will be our own'
	@tools/debian-parts $(CARD_PARTS) || { echo '  CARD    without these there is no card (FIRMWARE=no: one for QEMU alone)'; exit 1; }
	@$(MAKE) start-sdcard
	@$(if $(DEV),$(PYTHON) tools/sdcard_write.py "$(OUT)" "$(DEV)" $(if $(filter 1,$(YES)),--yes) $(if $(FORCE),--force "$(FORCE)"))

start-sdcard: all boot-initrd
	@$(PYTHON) tools/sdcard.py "$(OUT)" --loader "$(LOADER)" --kernel $(B)/newel.img --initrd="$(BOOT_INITRD)" \
		--append="$$APPEND_GIVEN" --stub $(B)/armstub8-newel.bin $(if $(filter no,$(FIRMWARE)),--without-firmware)

# ---- boot loaders ----------------------------------------------------------
# All that U-Boot boots: docs/uboot.md.
uboot:
	@tools/setup build uboot
	@tools/debian-parts busybox || echo '  PART    going on without it: the shell will be our own'
	@$(MAKE) start-uboot

start-uboot: all boot-initrd
	$(call say,UBOOT,$(B)/uboot)
	$(Q)$(PYTHON) tools/uboot.py --image $(B)/newel.img --initrd="$(BOOT_INITRD)" --append="$$APPEND_GIVEN" --out $(B)/uboot

# ---- test ------------------------------------------------------------------
TEST_PARTS := busybox bash debian kmod disks linux dtb tfa musl firmware uboot

test check bench oracle:
	@tools/setup $(if $(filter oracle,$@),test,$@)
	@[ $@ != test ] || tools/debian-parts $(TEST_PARTS) || echo '  PART    going on: the tests that need it will say so'
	@[ $@ != oracle ] || tools/debian-parts busybox bash debian musl strace linux
	@$(MAKE) start-$@

# A minimal Debian as a disk (tools/debian-image): PACKAGES='NAME...' more of it, SIZE=2G, LIST=file.
debian:
	@tools/setup debian
	@mkdir -p build
	@tools/debian-image $(if $(LIST),--list $(LIST)) build/debian.img $(PACKAGES)

bench-disk bench-kvm:
	@tools/setup bench
	@tools/debian-parts linux
	@$(MAKE) start-$@

# Mixed load on four cores for so many seconds: what was free, running and open before is so behind it.  STORM=1: ten hostile
# users at once, MODES='forks timers ...' some of them, and root at a shell; ORACLE=1: under Debian's Linux.
SOAK ?= $(if $(STORM),600,1800)
soak:
	@tools/setup test
	@tools/debian-parts busybox $(if $(ORACLE),linux)
	@$(MAKE) all $(if $(STORM),boot-programs,$(B)/tests/el0.cpio)
	@SOAK=$(SOAK) MODES="$(MODES)" NEWEL_ORACLE=$(ORACLE) \
		$(PYTHON) -m pytest -q -s -p no:cacheprovider tests/boot/$(if $(STORM),storm,test_soak).py

# The long forms of the tests that have a disk, and Debian from its own; in `make test` each runs a little of this.
TOOLS := gcc libc6-dev make python3 perl git sqlite3 e2fsprogs cpio acl attr xz-utils
DISK_RUNS ?= FSX_OPERATIONS=1000000 EXT2_MUTANTS=500 FAT_MUTANTS=500 CUTS=100 SWAP_RAM=256 BIG_FILE="2048 256"
test-disks:
	@tools/setup test debian
	@tools/debian-parts busybox linux disks
	@$(MAKE) all initrds boot-programs
	@[ -e build/debian.img ] || $(MAKE) debian
	@$(MAKE) build/debian-tools.img
	@$(DISK_RUNS) $(PYTHON) -m pytest -q -s -p no:cacheprovider tests/boot/test_disk_*.py tests/boot/debian.py tests/boot/debian_tools.py

build/debian-tools.img:
	@SIZE=2G tools/debian-image $@ $(TOOLS)

# This tree, built by Debian's gcc on Newel, from a disk, and the same under Debian's Linux: one hash.
selfhost:
	@tools/setup test debian
	@tools/debian-parts busybox linux
	@$(MAKE) all initrds boot-programs build/debian-tools.img
	@$(PYTHON) tests/boot/selfhost.py

# The longest stretches in which a core lets nobody in, under eight times the attacks of `make test` and the programs of tests/el0.
test-long:
	@tools/setup test
	@tools/debian-parts musl
	@$(MAKE) $(B)/tests/el0.cpio $(ADVERSARY)
	@$(MAKE) CHECKED=1 all modules
	@STRETCHES=long $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider tests/boot/test_stretches.py

# Records at full speed on four cores while root reads, filters, resizes and clears, for so many seconds; runs of so many
# crossings against QEMU's own log.
TRACE_SECONDS   ?= 600
TRACE_CROSSINGS ?= 500000
test-trace:
	@tools/setup test
	@$(MAKE) all modules boot-programs
	@TRACE_SECONDS=$(TRACE_SECONDS) TRACE_CROSSINGS=$(TRACE_CROSSINGS) \
		$(PYTHON) -m pytest -q -s -p no:cacheprovider tests/boot/test_trace_storm.py tests/boot/test_trace_stream.py
	@tests/page/speed.py

# The programs of tests/el0/kvm, all of them on each machine: every register and call that there is, 1,000 lives.
test-kvm:
	@tools/setup test
	@$(MAKE) all $(B)/tests/kvm.cpio
	@KVM_WHOLE=1 $(PYTHON) -m pytest -q -s -p no:cacheprovider tests/boot/test_kvm.py

# Debian's kernel as guest on every machine: GUESTS='-k name' some of them; ORACLE=1: under Debian's Linux.
guests-all:
	@tools/setup test uboot
	@tools/debian-parts busybox linux dtb
	@$(MAKE) all initrds
	@NEWEL_ORACLE=$(ORACLE) $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider tests/boot/guests.py $(GUESTS)

# Debian's QEMU with -accel kvm: it starts, saves, restores and debugs Debian's kernel as a guest.
test-qemu:
	@tools/setup test
	@tools/debian-parts busybox linux qemu
	@$(MAKE) all
	@$(PYTHON) -m pytest -q -s -p no:cacheprovider tests/boot/qemu_kvm.py

# The card of each loader with Debian's busybox, too, and all that the board's firmware wants; and, as root, a real block device.
test-modules:
	@tools/setup test
	@tools/debian-parts busybox
	@$(MAKE) all boot-programs
	@LOADS=$(or $(LOADS),10000) $(PYTHON) -m pytest -q -s -p no:cacheprovider tests/boot/test_modules_load.py -k many

test-card:
	@tools/setup test
	@tools/debian-parts busybox dtb tfa firmware uboot
	@$(MAKE) all initrds
	@CARD=long $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider tests/boot/test_card.py tests/boot/test_card_write.py

# A real board behind the serial port SERIAL, switched by the command POWER (tests/README.md).
CARD ?= uboot
test-board:
	@[ -n "$(SERIAL)" ] || { echo "make test-board SERIAL=/dev/ttyUSB0 [POWER='command'] [CARD=uboot|system] [TESTS='-k word']" >&2; exit 1; }
	@tools/setup test
	@$(MAKE) all initrds boot-programs $(B)/tests/el0.cpio
	@$(PYTHON) -m pytest -q -p no:cacheprovider tests/boot --serial="$(SERIAL)" --card=$(CARD) $(if $(POWER),--power="$(POWER)") $(TESTS)

doctor:
	@tools/setup --doctor

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

#: Newel: an AArch64 kernel that runs unmodified Linux/arm64 programs, and shows every crossing.
#:
#:   make              build/newel.elf and build/newel.img, and build/armstub8-newel.bin: EL3 of a Raspberry Pi 4
#:   make run          boot it in QEMU: down the exception levels to a shell (installs what is missing)
#:   make trace        the same with every crossing printed as it happens
#:   make trace CMD='ls -l /'   run that and write its trace: build/traces/trace.html, .json (Perfetto), ctf/, .txt
#:                     (KINDS=svc,args FILTERS='nr=openat result=error': docs/trace.md; TIME=60 seconds at most)
#:   make uboot        build/uboot: Image.gz, uImage, FIT, boot.scr, disks for U-Boot (INITRD=, APPEND=; docs/uboot.md)
#:   make debug        QEMU stopped at the first instruction, gdb with symbols and helpers
#:   make test         unit, fuzz, ABI and boot tests, and what `make check` checks (SUITES='boot ...')
#:   make test BOARD=raspi4b   the boot tests that are not tied to virt, with the same image on QEMU's Raspberry Pi 4
#:   make test BOARD=guest     the same as a guest of Newel's on Newel
#:   make test BOARD=vhe       the same with the kernel at EL2 (newel.el2=vhe) on a core that has VHE
#:   make test-board SERIAL=/dev/ttyUSB0   on a real board (POWER='command' CARD=uboot|system: tests/README.md)
#:   make check        style and static checks alone
#:   make bench        instructions for each operation, beside Linux's
#:   make bench-disk   the rows that wait for a disk (ONLY=row; KERNEL=build/parts/vmlinuz RECORD=1: Linux's)
#:   make bench-kvm    the ways through /dev/kvm, beside Linux's (ONLY=row; ON=a72-gic2)
#:   make oracle       the boot tests' recorded answers and programs under Debian's Linux (RECORD=1: record)
#:   make test-long    how long a core lets nobody in, at the most: the long form (build/tests/stretches-*-long.txt)
#:   make test-modules 10,000 modules loaded and unloaded on four cores, among readers and users (LOADS=)
#:   make test-trace   the trace while root reads, filters, resizes and clears it at full speed, for TRACE_SECONDS (600); and
#:                     runs of TRACE_CROSSINGS (500000) against QEMU's own log; how fast the page of a million events is
#:   make test-kvm     guests by /dev/kvm, the long form: every register, call and address, 1,000 lives on four cores
#:   make guests-all   Debian's kernel as guest on each core, GIC, number of cores and of vCPUs; many at once; U-Boot as guest
#:   make test-qemu    Debian's QEMU as the VMM: guests that start, that are saved and go on elsewhere, that gdb looks at
#:   make test-card    the cards of `make sdcard`, the long form; as root, one is written to a loop device
#:   make test-disks   file systems on disks at length: a million operations, 500 damaged images, 100 power cuts; Debian from its disk
#:   make selfhost     this tree built by Debian's gcc on Newel, from a disk, and under Debian's Linux: one hash (half an hour and more)
#:   make soak         mixed load on four cores for SOAK seconds (1800); nothing may be lost behind it
#:   make soak STORM=1 ten hostile users at once for SOAK seconds (600), and root at a shell (ORACLE=1: Linux)
#:   make modules      build/modules/*.ko out of modules/, and /lib/modules as files and as build/modules.cpio (docs/modules.md)
#:   make modules M=folder     a module of your own: each NAME.c there becomes NAME.ko beside it
#:   make sdcard       build/sdcard-LOADER.img, a card that a Raspberry Pi 4 boots (LOADER=firmware|uboot|tfa|newel; FIRMWARE=no: for QEMU)
#:   make sdcard OUT=file   the image elsewhere (APPEND=, INITRD= as for run)
#:   make sdcard DEV=/dev/sdX   write it to that card: says what it will do, asks, reads back (YES=1: does not ask;
#:                     FORCE=/dev/sdX: though that is not removable)
#:   make debian       build/debian.img: a minimal Debian with sysvinit, a disk to boot from (PACKAGES='more names' SIZE=1G)
#:   make doctor       which tools are here, which are missing and how to get them
#:   make clean        remove what was built (not build/parts, what was downloaded)
#:
#: For every target:   V=1 (show the commands)  LLVM=1 (clang and lld)  CROSS_COMPILE=prefix-
#:                     UBSAN=1 (undefined behaviour in the kernel ends in a panic that says where)
#:                     CHECKED=1 (build/checked: how long interrupts are masked, locks held, nobody let in: /dev/stretches)
#: For run and debug:  BOARD=virt|raspi4b  EL=1|2|3  SMP=n  CPU=cortex-a53|cortex-a72|max
#:                     GIC=2|3  INITRD=file.cpio  APPEND='words for the command line'
#:                     DISK=file (boot from it, what is written stays; with INITRD= too: a disk beside)  SHARE=folder (it is /host)
#:                     MODULES=1 (with /lib/modules in the initrd, also for sdcard and uboot)
#:                     VM=1 (with vm and this system as its guest in the initrd: docs/guests.md)

.PHONY: run trace debug uboot start-uboot start-run start-trace start-debug initrds \
	test test-long test-modules test-trace test-board test-kvm test-qemu guests-all test-card test-disks selfhost sdcard start-sdcard check bench bench-disk start-bench-disk bench-kvm start-bench-kvm debian oracle soak start-test start-check start-bench start-oracle doctor help

start-test: all modules initrds boot-programs $(B)/tests/el0.cpio $(B)/tests/kvm.cpio $(DYNAMIC) $(GDB_TOOLS) $(ADVERSARY)
	@$(if $(UBSAN),,$(MAKE) UBSAN=1 all)
	@$(if $(CHECKED),,$(MAKE) CHECKED=1 all modules)
	@$(PYTHON) tools/test.py $(if $(filter-out virt,$(BOARD)),--board=$(BOARD)) $(SUITES)

start-check:
	@tools/check

start-oracle: boot-programs $(B)/tests/el0.cpio $(B)/tests/kvm.cpio $(DYNAMIC)
	@$(PYTHON) tests/boot/oracle.py $(if $(RECORD),--record)

# The kernel's decoders of syndromes and descriptors, for gdb on this machine.
HOSTCC ?= cc
build/host/esr: gdb/esr.c trace/esr.c trace/esr.h trace/sysreg.c trace/text.h
build/host/pte: gdb/pte.c trace/pte.c trace/pte.h arm/pte.h trace/text.h
build/host/esr build/host/pte:
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O1 -Wall -iquote . $(filter %.c,$^) -o $@
