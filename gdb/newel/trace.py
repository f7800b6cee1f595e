"""trace.py - the records of the trace out of a machine that is stopped, or dead: el-trace.

The rings are read page by page (trace/ring.h), made frames of (abi/trace_stream.h), and handed to the same C code that
decodes a saved stream: build/host/newel-trace-decode.
"""
