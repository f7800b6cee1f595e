# newel.gdb - a gdb for Newel: `make debug` loads it after the symbols, before it connects.
set pagination off
set confirm off
set print pretty on
set architecture aarch64
source gdb/newel.py
