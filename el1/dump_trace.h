/*
 * dump_trace.h - what a dump says of the crossings before it.
 */
#pragma once

/*
 * dump_trace - the last DUMP_TRACE_RECORDS records that core @cpu made and, where others made some,
 * the last of all cores in the order of their time; nothing if the console has shown them all
 * already; where there are none, one line that says how to have them.  In a panic, when one core
 * runs: no lock is taken but the log's, and nothing is believed of what a ring holds.
 */
#define DUMP_TRACE_RECORDS 32
void dump_trace(unsigned int cpu);
