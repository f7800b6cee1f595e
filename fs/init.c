/*
 * init.c - the one list of what there is besides the core of fs/: a new folder beside it has its
 * line here.
 */
#include "fs/init.h"

#include "fs/anon/epoll.h"
#include "fs/dev.h"
#include "fs/proc/proc.h"
#include "fs/tty/pty.h"
#include "fs/tty/tty.h"
#include "fs/vfs.h"

void fs_init(const char *cmdline)
{
	vfs_init();
	tty_register_part();
	epoll_init();
	dev_init();
	console_init();
	pty_init();
	proc_init(cmdline);
}
