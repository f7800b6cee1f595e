"""Every memory allocation made to fail in turn under busybox's shell: an error or a killed process each time, and at
the end all memory is free again.  tests/el0/libc/failing_allocations.c does the same call by call."""

import initrd
import pytest

# Each is run with its 1st, 2nd, ... allocation failing until it has none left.
SCRIPTS = {
    "pipes": "seq 50 | sort -r | (head -3; cat) | wc -l",
    "files": "cd /tmp; mkdir -p a/b; echo x >a/b/c; ln -s c a/b/d; cp -r a e; mv e f; ls -lR a f; rm -rf a e f",
    "here": "cat <<END | tr a-z A-Z\n$(echo text) $((1 + 2))\nEND",
    "jobs": "sleep 0.01 & (exit 3) & wait; kill -USR1 $$; trap 'echo got' TERM; kill -TERM $$",
    "fifo": "cd /tmp; mkfifo p && exec 3<>p && echo x >&3 && read -r y <&3; exec 3>&-; rm p",
    "mounts": "mkdir -p /m; mount -t tmpfs none /m && echo x >/m/x; cat /proc/self/maps /proc/mounts; umount /m; rmdir /m",
    "programs": "printf '#!/bin/sh\\nexec env A=1 echo $0 \"$@\"\\n' >/tmp/p; chmod +x /tmp/p; /tmp/p 1 2; rm -f /tmp/p",
}

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /tmp
mount -t proc none /proc
once() {
    timeout 60 sh -c 'echo "$1" >/dev/fail && . "$2"' sh "$1" "$2" >/dev/null 2>&1 </dev/null
    case $? in 124 | 143) echo "HANG: $2 $1" ;; esac
    umount /m 2>/dev/null
    rm -rf /tmp/* /m
    read -r left </dev/fail
}
all() {
    for s in /s/*; do
        n=1
        while once $n "$s"; [ "$left" = 0 ] && [ $n -lt 3000 ]; do
            n=$((n + 1))
            [ $((n % 50)) != 0 ] || echo "$s $n"
        done
        echo "FAILED $s $n"
    done
}
memory() { free -k | while read -r a b c d e; do [ "$a" = Mem: ] && echo "$d"; done; }
for s in /s/*; do once 1000000 "$s"; done
before=$(memory)
(all)
sleep 1
after=$(memory)
echo "MEMORY $before $after"
poweroff -f
"""


@pytest.mark.needs("busybox")
def test_every_allocation_fails(boot, parts):
    scripts = [initrd.file("s/" + name, text + "\n", 0o644) for name, text in SCRIPTS.items()]
    image = initrd.archive(
        *(initrd.directory(d) for d in ("bin", "dev", "s")),
        initrd.device("dev/console", 5, 1), initrd.device("dev/null", 1, 3, 0o666),
        initrd.file("bin/busybox", parts("busybox")), *scripts, initrd.file("init", INIT))
    run = boot(image, smp=4, append="quiet panic=-1")
    run.finish()
    for name in SCRIPTS:
        counts = [int(line.split()[2]) for line in run.lines if line.startswith(f"FAILED /s/{name} ")]
        assert len(counts) == 1 and 10 < counts[0] < 3000, (name, counts)
    assert "HANG" not in run.log
    before, after = next(map(int, line.split()[1:]) for line in run.lines if line.startswith("MEMORY "))
    assert after >= before - 64, f"{before} KiB were free before, {after} after"
