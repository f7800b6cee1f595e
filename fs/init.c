/*
 * init.c - sets up the parts of fs/ at boot, the folders below it too: a new one has its line here.
 */
#include "fs/init.h"

#include "fs/9p/mount.h"
#include "fs/anon/epoll.h"
#include "fs/blockdev/blockdev.h"
#include "fs/reclaim.h"
#include "fs/super.h"
#include "fs/writeback.h"
#include "fs/context.h"
#include "fs/dev.h"
#include "fs/devtmpfs.h"
#include "fs/ext2/super.h"
#include "fs/fat/super.h"
#include "fs/proc/proc.h"
#include "fs/program.h"
#include "fs/sysfs/kernel.h"
#include "fs/sysfs/sysfs.h"
#include "fs/tmpfs.h"
#include "fs/tty/console.h"
#include "fs/tty/hvc.h"
#include "fs/tty/job.h"
#include "fs/tty/pty.h"

void fs_init(const char *cmdline)
{
	hash_init();
	cache_start();
	reclaim_init();
	super_next_hook = super_next;
	tmpfs_init();
	fs_context_register();
	program_init();
	tty_register_part();
	epoll_init();
	dev_init();
	devtmpfs_init();
	console_init();
	hvc_init();
	pty_init();
	proc_init(cmdline);
	ext2_init();
	sysfs_init();
	sysfs_kernel_init();
	blockdev_init();
	p9_init();
	fat_init();
}
