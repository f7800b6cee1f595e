"""A bug of the kernel ends in one named panic with the full dump, whatever the bug (newel.test=, selftest/selftest.c)."""

import os
import re

import boards
import conftest
import initrd
import oracle
import pytest

FAULTS = {  # newel.test=: what the panic must say
    "nullderef": r"Oops",
    "overflow": r"stack overflow",
    "wxwrite": r"Oops",
    "execdata": r"Oops",
    "doublefree": r"page",
    "deadlock": r"^deadlock: cpu 0 waits at \w+\+\S+ for the spin lock at [0-9a-f]{16}, which cpu 0 holds$",
    "circle": r"^deadlock: cpu (\d) waits at \w+\+\S+ for the spin lock at ([0-9a-f]{16}), which cpu (?!\1)(\d) holds, "
              r"which waits at \w+\+\S+ for the spin lock at (?!\2)[0-9a-f]{16}, which cpu \1 holds$",
    "undef": r"[Uu]ndefined instruction",
    "brk": r"(BRK|[Bb]reakpoint)",
    "unaligned": r"Oops",
    "absent": r"Oops: synchronous external abort",
    "panic": r"asked for",
}


def fails(boot, program, name, **machine):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append=f"panic=-1 newel.test={name}", **machine)
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    assert "hello syscall v8" not in run.log
    return run.log


@pytest.mark.parametrize("name", FAULTS)
def test_named(boot, board, program, name):
    if board == "guest" and name == "absent":
        boards.tied("vm answers where nothing is, as VMMs do: such a read is zero")
    log = fails(boot, program, name)
    panic = re.search(r"newel: panic: (.*)", log).group(1)
    assert re.search(FAULTS[name], panic, re.IGNORECASE), panic
    assert log.count("newel: panic: ") == 1


@pytest.mark.parametrize("name, lock, pc", [("nomutex", "&mm->lock", "zap"), ("nospin", "&proc_lock", "pid_find_task")])
def test_lock_not_held(boot, program, name, lock, pc):
    """What is called without the lock that must be held says so in the kernel of make CHECKED=1."""
    log = fails(boot, program, name, kernel=os.path.join(conftest.BUILD, "checked", "newel.elf"))
    assert re.search(rf"newel: panic: not held: {lock}, pc {pc}[\w.]*\+0x", log)


def test_stale_code(boot, program):
    """The kernel of make CHECKED=1 finds a store to a page that was executable after which the caches would not be synced."""
    log = fails(boot, program, "stalecode", kernel=os.path.join(conftest.BUILD, "checked", "newel.elf"))
    assert re.search(r"newel: panic: page 0x[0-9a-f]+: stored to by the kernel without page_written\(\), and executable", log)


@pytest.mark.needs("musl")
def test_changed_code(boot, el0_tests):
    """Each way to change a file's page that was executed goes through page_written(): the kernel of CHECKED=1 has nothing to say."""
    run = boot(el0_tests, append="quiet panic=-1 TESTS=glibc_code_changed,musl_code_changed",
               kernel=os.path.join(conftest.BUILD, "checked", "newel.elf"))
    assert run.finish() == 0
    assert len(re.findall(r"^TAP \w+_code_changed end 0", run.log, re.MULTILINE)) == 2


def test_a_panic_is_no_end(boot, program):
    """A test that only waits for the machine's end, and does not look how it came to that, fails by a panic."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append="panic=-1 newel.test=brk")
    with pytest.raises(AssertionError, match="ended with a panic"):
        run.finish()


@pytest.mark.parametrize("name, holder", [
    ("slow", r"is at hold_b\+0x[0-9a-f]+/0x[0-9a-f]+, in selftest\[\d+\]"),
    ("slowmasked", "does not answer: it has interrupts masked, or does not run")])
def test_slow_is_no_deadlock(boot, program, name, holder):
    """Who waits ten seconds for a lock says so once, with where he is and the holder is, and goes on when he gets it."""
    log = fails(boot, program, name, smp=2)
    assert len(re.findall(r"spin lock: cpu 0 has waited for 10 s at \w+\+\S+ for the one at [0-9a-f]{16}", log)) == 1
    assert re.search(rf"spin lock: cpu 1, which holds it, {holder}", log)
    assert re.findall("newel: panic: (.*)", log) == ["newel.test: the wait went on, and ended"]


@pytest.mark.parametrize("name", ["nullderef", "wxwrite"])
def test_dump(boot, program, name):
    """Linux's layout, with symbols: the backtrace leads from the fault to kmain."""
    log = fails(boot, program, name, cpu="max")
    for line in (r"Mem abort info:", r"  ESR = 0x[0-9a-f]{16}", r"  EC = 0x25: DABT \(current EL\), IL = 32 bits",
                 r"pc : \w+\+0x[0-9a-f]+/0x[0-9a-f]+", r"lr : ", r"sp : [0-9a-f]{16}", r"x29: [0-9a-f]{16} x28: ",
                 r"Call trace:", r" selftest_run\+0x", r" kmain\+0x"):
        assert re.search(line, log), line


@pytest.mark.parametrize("name, words", [
    ("wxwrite", r"  level 3 \[ *\d+\]: page at 0x\w+: EL(\d) r-x, EL0 ---, AP 2, UXN, Normal write-back \(Attr3\), inner shareable, AF, global$"),
    ("nullderef", r"  level 0 \[  0\]: not valid$"),
    ("execdata", r"  level 3 \[ *\d+\]: page at 0x\w+: EL(\d) rw-, EL0 ---, AP 0, PXN, UXN, ")])
def test_walk_in_words(boot, program, kernel_el, name, words):
    """The way through the translation tables to the address, a line a level; each step as long as it leads on."""
    log = fails(boot, program, name)
    found = re.search(words, log, re.MULTILINE)
    assert found and found.groups() in ((), (str(kernel_el),))
    steps = re.findall(r"  level (\d) \[ *\d+\]: (\w+)", log)
    assert [int(level) for level, _ in steps] == list(range(len(steps)))
    assert all(what == "table" for _, what in steps[:-1])


def test_walk_of_a_program(boot, own_initrd):
    """With debug a program's fault shows the way to its address; never the kernel's own tables, which a program could so look through."""
    run = boot(own_initrd, append='debug panic=-1 "RUN=demos read_null read_kernel"')
    assert run.finish() == 0
    assert "at 0xffff000000000000: SIGSEGV" in run.log and run.log.count(" pgtable: ") == 1
    assert re.search(r"user pgtable: .*\n(?:.*\n)?.*  level 0 \[  0\]: table at ", run.log)


RECORD = r"\[ *\d+\.\d{6}\]  \[ *(\d+\.\d{9})\] cpu(\d) pid \d+ EL.*$"


def records(log, title):
    """[(time, core)] below a title of the dump's end."""
    lines = log[re.search(title, log).end():].split("\n")[1:]
    found = []
    for line in lines:
        m = re.match(RECORD, line.rstrip("\r"))
        if not m:
            break
        found.append((float(m[1]), int(m[2])))
    return found


def test_crossings_before_it(boot, program, kernel_el):
    """With recording on a dump ends with the last crossings, the fault's own among them; without, with how to have them."""
    log = fails(boot, program, "nullderef", smp=2)
    assert log.count("No record of the crossings before it: trace=all,ring on the command line") == 1
    log = fails(boot, program, "nullderef trace=all,ring", smp=2)
    assert "No record of the crossings" not in log
    mine = records(log, r"The last \d+ records of CPU 0:")
    everyone = records(log, r"The last \d+ records of all CPUs:")
    assert len(mine) == int(re.search(r"The last (\d+) records of CPU 0:", log)[1]) and {cpu for _, cpu in mine} == {0}
    assert mine == sorted(mine) and everyone == sorted(everyone, key=lambda r: r[0]) and {cpu for _, cpu in everyone} == {0, 1}
    assert set(mine) <= set(everyone), "no more than 32 of all"
    assert re.search(rf"EL{kernel_el}->EL{kernel_el} fault data abort from the current EL: write, .* far=0x8 \(null_dereference\+0x\w+/0x\w+\)", log)


@pytest.mark.virt
@pytest.mark.needs("busybox")
def test_last_of_many_crossings(boot, parts):
    """Of a ring that has gone round the last 32, the last of them the exception that is the panic's."""
    with open(os.path.join(conftest.BUILD, "modules", "broken.ko"), "rb") as f:
        module = initrd.file("broken.ko", f.read())
    script = "#!/bin/busybox sh\ncat /bin/busybox /bin/busybox | md5sum\ninsmod /broken.ko how=null\n"
    run = boot(oracle.system(script, parts("busybox"), extra=[module]), append="panic=-1 trace=all,ring", smp=4)
    run.expect(r"newel: panic: .*break_null")
    assert run.finish() == 0
    cpu = int(re.search(r"CPU: (\d) PID: \d+ Comm: insmod", run.log)[1])
    mine = records(run.log, rf"The last 32 records of CPU {cpu}:")
    everyone = mine
    if "No other CPU has made one of the last 32 of all" not in run.log:
        everyone = records(run.log, r"The last 32 records of all CPUs:")
    assert len(mine) == len(everyone) == 32 and mine == sorted(mine) and everyone == sorted(everyone, key=lambda r: r[0])
    assert mine[-1] in everyone and max(mine)[0] <= max(everyone)[0] and min(everyone)[0] >= min(mine)[0]
    assert re.search(r"fault data abort from the current EL: write, .* \(break_null\+0x\w+/0x\w+ \[broken\]\)", run.log)


@pytest.mark.parametrize("words", ["", " trace=all,ring"], ids=["", "trace"])
def test_dump_of_garbage(boot, program, words):
    """A table that is not in memory, a ring whose pages are nowhere: the dump says so, and comes to its end."""
    log = fails(boot, program, "garbage" + words, smp=2)
    assert log.count("newel: panic: ") == 1
    assert re.search(r"pud=\(cannot be read\)", log) and re.search(r"  level 0 \[448\]: table at 0x7ffffffff000$", log, re.MULTILINE)
    assert re.search(r"  level 1 \[  0\]: the table cannot be read$", log, re.MULTILINE)
    assert "The last " not in log[:log.index("end trace")] and "records of CPU 0:" not in log
    assert ("No record of the crossings" in log) == (not words) and ("records of all CPUs:" in log) == bool(words)


def test_user_pointer_needs_pan(boot, program):
    """Where the core has PAN a plain access to user memory is a panic."""
    assert re.search(r"newel: panic: .*Oops", fails(boot, program, "userptr", cpu="max"), re.IGNORECASE)


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "cortex-a76", "max"])
def test_control_register(boot, program, cpu):
    """SCTLR_EL1's bits of extensions that the core may lack: right for each; SErrors are not masked."""
    log = fails(boot, program, "control", cpu=cpu, smp=1)
    assert re.search(r"newel.test: SCTLR_EL1 0x[0-9a-f]+, wrong bits 0; SErrors come", log)


@pytest.mark.parametrize("machine", [dict(el=1), dict(el=2), dict(el=3), dict(el=3, has_el2=False, cpu="max")],
                         ids=["el1", "el2", "el3", "el3-max"])
def test_tables(boot, program, machine):
    """Every leaf of the kernel's half: none may be written and executed, none is open to EL0."""
    log = fails(boot, program, "tables", **machine)
    assert re.search(r"\d\d+ leaves, 0 writable and executable, 0 open to EL0", log)
