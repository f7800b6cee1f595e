"""newel - what gdb has to know of Newel: levels, registers, translation tables, frames, tasks, the trace, modules, programs.

Loaded by gdb/newel.gdb (`make debug`), and good for any target that shows x0..x30, sp, pc, cpsr and memory: QEMU,
OpenOCD.  Read-only but for one thing: where the core is at a level that does not see the kernel's memory, its PSTATE is
changed for the time of a look, and put back (newel/target.py).
"""

from newel import levels, symbols, tables, tasks, trace  # noqa: F401
from newel.command import Help

Help("newel")
