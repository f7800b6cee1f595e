/* mount.h - mount(2) of the type "9p". */
#pragma once

/* p9_init - mount(2) knows it.  Boot core. */
void p9_init(void);
