"""hiding.py - between gdb and QEMU: a target that shows what OpenOCD's does, and answers no packet that QEMU alone has.

Of QEMU's description of the target only the core and FP registers are left: less than OpenOCD's, which has ELR, ESR and SPSR too.
"""

import re
import socket
import threading
import time

PACKET = re.compile(rb"\$([^#]*)#[0-9a-f]{2}")


def checksum(body):
    return b"$%s#%02x" % (body, sum(body) & 255)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port, limit=120):
    """A connection to QEMU, which names its console's terminal before it listens for gdb."""
    end = time.monotonic() + limit
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Proxy:
    """Listens on port for one gdb; `hidden` is what it has kept back."""

    def __init__(self, qemu_port):
        self.qemu_port, self.hidden = qemu_port, set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        self.gdb, _ = self.listener.accept()
        self.qemu = connect(self.qemu_port)
        for s in (self.gdb, self.qemu):
            # Packets are small, and each waits for an answer.
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pump, args=(self.gdb, self.qemu, self.asked), daemon=True).start()
        self.pump(self.qemu, self.gdb, self.answered)

    @staticmethod
    def pump(source, sink, change):
        """All that comes, packet by packet; what is between packets (acknowledgements, ^C) as it is."""
        rest = b""
        try:
            while data := source.recv(65536):
                rest += data
                out, at = b"", 0
                for m in PACKET.finditer(rest):
                    out += rest[at:m.start()] + change(m)
                    at = m.end()
                tail = rest[at:]
                keep = tail.find(b"$")
                out, rest = (out + tail, b"") if keep < 0 else (out + tail[:keep], tail[keep:])
                sink.sendall(out)
        except OSError:
            pass
        finally:
            for s in (source, sink):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def asked(self, m):
        if m[1].lower().startswith((b"qqemu", b"qrcmd")):
            self.hidden.add(m[1].decode())
            # Not known: an empty answer, behind the acknowledgement.
            self.gdb.sendall(b"+" + checksum(b""))
            return b""
        return m[0]

    def answered(self, m):
        """QEMU's target.xml without the files that name its own registers."""
        if b"<!DOCTYPE target" not in m[1] or b"xi:include" not in m[1]:
            return m[0]

        def leave(include):
            name = include[1].decode()
            if name in ("aarch64-core.xml", "aarch64-fpu.xml"):
                return include[0]
            self.hidden.add(name)
            return b""

        return checksum(re.sub(rb'<xi:include href="([^"]+)"/>', leave, m[1]))
