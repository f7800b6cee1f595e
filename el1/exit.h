/*
 * exit.h - what is left to do on the way back to EL0.
 */
#pragma once

struct trapframe;

/*
 * exit_work - before the ERET, some WORK_ flag is set (task/task.h): do it all.  Called, and
 * returns, with everything masked; lets interrupts in meanwhile, and may sleep, or not return.
 */
void exit_work(struct trapframe *tf);
