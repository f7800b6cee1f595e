"""newel.el2=vhe: where the cores have VHE the kernel stays at EL2, and EL0 is right below it."""

import boards
import console
import initrd
import pytest

MACHINES = {
    "elf-el3-1": dict(el=3, smp=1, cpu="max"),
    "elf-el3-4": dict(el=3, smp=4, cpu="max", gic=3),
    "img-el2-4": dict(el=2, smp=4, cpu="cortex-a76"),
    "img-el2-2": dict(el=2, smp=2, cpu="neoverse-n1", gic=3),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_stays_at_el2(boot, own_initrd, machine):
    fields = MACHINES[machine]
    way = " -> ".join(f"EL{n}" for n in range(fields["el"], 1, -1))
    run = boot(own_initrd, append='newel.el2=vhe panic=-1 "RUN=levels; poweroff"', **fields)
    run.expect(rf"boot: entered at EL{fields['el']}, path {way}, CurrentEL 0x8, ")
    cores = fields["smp"]
    run.expect(rf"smp: {cores} cores?\r*$")
    run.expect(r"EL1        absent\r*$")
    run.expect(r"EL2        CurrentEL 0x8, read by the kernel\r*$")
    if fields["el"] == 3:
        run.expect(r"EL3        CurrentEL 0xc, its own answer to smc\r*$")
    assert run.finish() == 0


@pytest.mark.parametrize("el, cpu", [(1, "max"), (2, "cortex-a72"), (3, "cortex-a53")])
def test_goes_to_el1_where_it_cannot(boot, kernel_el, program, el, cpu):
    """A machine entered below EL2, and cores without VHE: the word changes nothing."""
    if el < kernel_el:
        boards.tied("entered at EL1")
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append="newel.el2=vhe panic=-1", el=el, cpu=cpu)
    run.expect(r"path .*EL1, CurrentEL 0x4, ")
    run.expect(r"hello syscall v8$")
    assert run.finish() == 0


PROGRAMS = ("registers,clocks,clone_threads,signal_delivery,fork_exit_wait,address_space,bad_pointers,sysregs,pipes,exec,trace_files,"
            "glibc_counters,glibc_signal_frames,glibc_pthreads,glibc_vdso")


@pytest.mark.parametrize("gic", [2, 3])
def test_programs(boot, el0_tests, gic):
    """EL0 sees no difference: its registers, faults, signals, time, and what it may not do."""
    run = boot(el0_tests, limit=4 * console.RUN_LIMIT, cpu="max", gic=gic, smp=4,
               append=f"quiet newel.el2=vhe panic=-1 TESTS={PROGRAMS}")
    assert run.finish() == 0
    assert run.log.count(" end 0") == len(PROGRAMS.split(","))
    assert "TAP all end" in run.log and "not ok" not in run.log
