# newel.gdb - a gdb for Newel: `make debug` loads it after the symbols, before it connects.
set pagination off
set confirm off
set print pretty on
# Behind an entry from EL0 there is no frame that gdb knows the end of.
set backtrace limit 64
set architecture aarch64
python
import os, sys
sys.path.insert(0, os.path.abspath("gdb"))
import newel
end
