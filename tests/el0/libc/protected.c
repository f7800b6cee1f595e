/*
 * protected.c - who logged in (/proc/self/loginuid), and what proc_sys_fs(5) protects in
 * directories where everybody may write.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tests/el0/libc/calls.h"

#define UNSET "4294967295"

static void says(const char *path, const char *want)
{
	char text[64] = "";

	(void)read_text(path, text, sizeof(text));
	expect(!strcmp(text, want), "%s says %s, not %s", path, text, want);
}

/* As root again and again; as another no more. */
static void log_in_again(void)
{
	says("/proc/self/loginuid", "1000");
	check(write_text("/proc/1/loginuid", "7"), -EPERM, "another's");
	check(write_text("/proc/self/loginuid", "1001"), 4, "root, again");
	sys(setresuid, 1000, 1000, 1000);
	sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	check(write_text("/proc/self/loginuid", "1002"), -EPERM, "a user");
	says("/proc/self/loginuid", "1001");
}

static void log_in(void)
{
	check(write_text("/proc/self/loginuid", "1000"), 4, "the first time");
	says("/proc/self/loginuid", "1000");
	check_child(log_in_again, 0, "a child of it");
	check(write_text("/proc/self/loginuid", UNSET), 10, "none any more");
	says("/proc/self/sessionid", UNSET);
}

static void try_logins(void)
{
	begin("open, write: loginuid: once, by itself, handed on");
	says("/proc/self/loginuid", UNSET);
	says("/proc/self/sessionid", UNSET);
	check(write_text("/proc/self/loginuid", "x"), -EINVAL, "a word");
	check_child(log_in, 0, "a login");
	says("/proc/self/loginuid", UNSET);
	end();
}

/* As user 1000, what open(2) says of @path; with O_CREAT. */
static long open_as_user(const char *path, int flags)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		sys(setresgid, 1000, 1000, 1000);
		sys(setresuid, 1000, 1000, 1000);
		status = (int)sys(openat, AT_FDCWD, path, O_RDWR | O_NONBLOCK | flags, 0666);
		_exit(status < 0 ? -status : 0);
	}
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

static void try_places(uint32_t mode, const char *level, long file, long fifo)
{
	check(write_text("/proc/sys/fs/protected_regular", level), 1, "level %s", level);
	check(write_text("/proc/sys/fs/protected_fifos", level), 1, "level %s", level);
	check(sys(fchmodat, AT_FDCWD, "/tmp/put", mode), 0, "mode %o", mode);
	check(open_as_user("/tmp/put/file", O_CREAT), file, "a file, %o, level %s", mode, level);
	check(open_as_user("/tmp/put/fifo", O_CREAT), fifo, "a fifo, %o, level %s", mode, level);
	check(open_as_user("/tmp/put/file", 0), 0, "without O_CREAT");
	check(open_as_user("/tmp/put/own", O_CREAT), 0, "one of the user's own");
	check(open_as_user("/tmp/put/roots", O_CREAT), 0, "one of the directory's owner");
}

static void try_protected(void)
{
	static const char *const files[] = { "/proc/sys/fs/protected_regular",
					     "/proc/sys/fs/protected_fifos",
					     "/proc/sys/fs/protected_hardlinks",
					     "/proc/sys/fs/protected_symlinks" };
	static const char *const most[] = { "3", "3", "2", "2" };

	begin("openat: files of others in a directory where everybody may write");
	sys(umask, 0);
	sys(mkdirat, AT_FDCWD, "/tmp/put", 0777);
	close(open("/tmp/put/file", O_CREAT | O_RDWR, 0666));
	close(open("/tmp/put/own", O_CREAT | O_RDWR, 0666));
	close(open("/tmp/put/roots", O_CREAT | O_RDWR, 0666));
	sys(mknodat, AT_FDCWD, "/tmp/put/fifo", S_IFIFO | 0666, 0);
	sys(fchownat, AT_FDCWD, "/tmp/put/file", 2000, 2000, 0);
	sys(fchownat, AT_FDCWD, "/tmp/put/fifo", 2000, 2000, 0);
	sys(fchownat, AT_FDCWD, "/tmp/put/own", 1000, 1000, 0);
	sys(fchownat, AT_FDCWD, "/tmp/put", 0, 1000, 0);
	try_places(01777, "0", 0, 0);
	try_places(01777, "1", -EACCES, -EACCES);
	try_places(01777, "2", -EACCES, -EACCES);
	try_places(01775, "1", 0, 0);
	try_places(01775, "2", -EACCES, -EACCES);
	try_places(0777, "2", 0, 0);
	for (int i = 0; i < 4; i++) {
		check(write_text(files[i], most[i]), -EINVAL, "%s: too much", files[i]);
		check(write_text(files[i], i < 2 ? "0" : "1"), 1, "%s: as it was", files[i]);
	}
	end();
}

int main(void)
{
	mkdir("/proc", 0555);
	mkdir("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	try_logins();
	try_protected();
	return tap_done();
}
