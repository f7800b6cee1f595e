/*
 * program.h - what execve(2) needs of files (task/exec.h).
 */
#pragma once

/* program_init - sets the hooks by which task/ opens programs.  Once. */
void program_init(void);
