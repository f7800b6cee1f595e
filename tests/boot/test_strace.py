"""System calls with their arguments in strace's words: what strace says under Linux, the trace says under Newel."""

import os
import re
import subprocess
import tarfile

import calls
import initrd
import oracle
import pytest

DECODER = os.path.join(oracle.ROOT, "build", "host", "newel-trace-decode")


def decoded(stream, tmp_path, how="--strace"):
    path = tmp_path / "stream"
    path.write_bytes(stream)
    return subprocess.run([DECODER, how, path], capture_output=True, text=True, check=True).stdout


@pytest.mark.virt
@pytest.mark.needs("busybox", "musl")
@pytest.mark.parametrize("el, smp", [(1, 1), (3, 4)])
def test_as_strace(boot, parts, program, tmp_path, el, smp):
    """The same calls, arguments and answers, but for what calls.normal() says."""
    archive = calls.archive(calls.newel_script(), parts("busybox"), lambda name: program("el0/" + name))
    streams = tmp_path / "streams.tar"
    run = boot(archive, el=el, smp=smp, semihosting=True,
               append=f"quiet panic=-1 trace=svc,args,ring newel.trace.size=16M newel.hostfile={streams}")
    assert run.finish() == 0
    with tarfile.open(streams) as tar:
        said = {name: calls.of_newel(decoded(tar.extractfile("./" + name).read(), tmp_path), name) for name in calls.PROGRAMS}
    different = oracle.differences(oracle.recorded("strace"), calls.join(said), "Linux", "Newel")
    assert not different, different


@pytest.mark.needs("busybox")
def test_contents_only_if_asked_for(boot, parts):
    """The kernel's own lines: with args strings and lists, without them addresses."""
    script = "#!/bin/busybox sh\n/bin/busybox cat /etc/motd\npoweroff -f\n"
    for what, path, argv in (("svc,args", r'"/etc/motd"', r'\["/bin/busybox", "cat", "/etc/motd"\]'), ("svc", "0x[0-9a-f]+", "0x[0-9a-f]+")):
        run = boot(oracle.system(script, parts("busybox"), links=["poweroff"]), smp=1, append=f"panic=-1 trace={what}")
        run.finish()
        assert re.search(rf"svc openat\(AT_FDCWD, {path}, O_RDONLY\) esr=", run.log)
        assert re.search(rf"svc execve\((0x[0-9a-f]+|\"/bin/busybox\"), {argv}, 0x[0-9a-f]+( /\* \d+ vars \*/)?\) esr=", run.log)


@pytest.mark.parametrize("what", ["all,args,ring"])
def test_hostile_arguments(boot, el0_tests, what):
    """The programs that try bad pointers answer as they do when nobody looks."""
    run = boot(el0_tests, smp=4, append=f"quiet panic=-1 trace={what} TESTS=bad_pointers,musl_task_errors,musl_file_io,exec")
    assert run.finish() == 0
    ends = re.findall(r"^TAP (\S+) end (\d+)", run.log, re.MULTILINE)
    assert len(ends) == 4 and all(status == "0" for _, status in ends), ends


@pytest.mark.parametrize("smp, quiet", [(1, ""), (4, ",ring")])
def test_arguments_that_go_away(boot, program, smp, quiet):
    """Pointers to nothing, to the kernel, across ends; memory that goes meanwhile; vectors and strings without an end."""
    run = boot(initrd.archive(initrd.file("init", program("arguments"))), smp=smp, append=f"quiet panic=-1 trace=svc,fault,args{quiet}")
    run.expect("^survived$")
    assert run.finish() == 0
