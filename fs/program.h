/*
 * program.h - what execve(2) needs of files (task/exec.h).
 */
#pragma once

/* program_init - task/ is told.  Once. */
void program_init(void);
