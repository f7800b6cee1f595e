/*
 * program_files.c - files that are programs: nobody writes one that runs, nobody runs one that is
 * written (ETXTBSY); and the rights that set-user-ID and set-group-ID bits give one, or do not.
 *
 * Run with arguments it is its own test program.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/el0/libc/calls.h"

#define CALL(want, name, ...) \
	check(sys_number(SYS_##name, ##__VA_ARGS__), want, "%s(%s)", #name, #__VA_ARGS__)
#define USER  1000
#define OWNER 2000
#define BIG   (64ul << 20) /* of RLIMIT_STACK */
#define USUAL (8ul << 20)  /* what a program with more rights than its caller is held to */

static const char *self;

/* ---- the program ---- */

/* "rights UID EUID GID EGID SECURE DUMPABLE PERSONALITY": is it so? */
static int show_rights(const char *wanted)
{
	struct rlimit stack;
	long want[7];
	uid_t u[3];
	gid_t g[3];
	int r;

	sscanf(wanted, "%ld %ld %ld %ld %ld %ld %ld", &want[0], &want[1], &want[2], &want[3],
	       &want[4], &want[5], &want[6]);
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	getrlimit(RLIMIT_STACK, &stack);
	sys(prctl, PR_GET_PDEATHSIG, &r);
	check(u[0], want[0], "uid");
	check(u[1], want[1], "euid");
	check(u[2], want[1], "suid");
	check(g[0], want[2], "gid");
	check(g[1], want[3], "egid");
	check(g[2], want[3], "sgid");
	check((long)getauxval(AT_SECURE), want[4], "AT_SECURE");
	check((long)getauxval(AT_UID), want[0], "AT_UID");
	check((long)getauxval(AT_EUID), want[1], "AT_EUID");
	check((long)getauxval(AT_GID), want[2], "AT_GID");
	check((long)getauxval(AT_EGID), want[3], "AT_EGID");
	check(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), want[5], "PR_GET_DUMPABLE");
	check(r, want[4] ? 0 : SIGHUP, "PR_GET_PDEATHSIG");
	check((long)stack.rlim_cur, want[4] ? USUAL : BIG, "RLIMIT_STACK");
	check(sys(personality, 0xffffffff), want[6], "personality");
	return tap_failures() != 0;
}

/*
 * "wait": says who runs, and waits for a signal.  "become PATH": is that, waiting, instead.
 * "fork": a child does.
 */
static int be_program(char **argv)
{
	pid_t pid;

	if (!strcmp(argv[1], "rights"))
		return show_rights(argv[2]);
	if (!strcmp(argv[1], "end"))
		return 0;
	if (!strcmp(argv[1], "become"))
		execl(argv[2], "p", "wait", NULL);
	if (!strcmp(argv[1], "fork") && fork())
		return 0;
	pid = getpid();
	if (write(9, &pid, sizeof(pid)) == sizeof(pid))
		for (;;)
			pause();
	return 1;
}

/* ---- ETXTBSY ---- */

static void copy_self(const char *to)
{
	int in = open(self, O_RDONLY), out = open(to, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	static char data[65536];
	ssize_t n;

	while ((n = read(in, data, sizeof(data))) > 0)
		if (write(out, data, (size_t)n) != n)
			expect(false, "no room for %s", to);
	close(in);
	close(out);
}

/* Starts @path, and returns when it runs: its pid, to be given to stop(). */
static pid_t start(const char *path, const char *how, const char *with)
{
	int p[2];
	pid_t pid;

	if (pipe(p))
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 9);
		execl(path, "p", how, with, NULL);
		_exit(99);
	}
	close(p[1]);
	check(read(p[0], &pid, sizeof(pid)), sizeof(pid), "%s runs (%s)", path, how);
	close(p[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static long opened(const char *path, int flags)
{
	long fd = sys(openat, AT_FDCWD, path, flags, 0755);

	return fd < 0 ? fd : sys(close, fd);
}

static void may_write(const char *path, long want, const char *when)
{
	check(opened(path, O_WRONLY), want, "O_WRONLY %s", when);
	check(opened(path, O_RDWR | O_CREAT), want, "O_RDWR | O_CREAT %s", when);
	check(opened(path, O_WRONLY | O_APPEND), want, "O_APPEND %s", when);
}

static void test_running(void)
{
	struct stat st;
	pid_t pid;

	begin("execve, openat, truncate: a program that runs is not written");
	copy_self("prog");
	stat("prog", &st);
	pid = start("./prog", "wait", NULL);
	may_write("prog", -ETXTBSY, "while it runs");
	check(opened("prog", O_RDONLY | O_TRUNC), -ETXTBSY, "O_TRUNC");
	check(opened("prog", O_WRONLY | O_TRUNC), -ETXTBSY, "O_WRONLY | O_TRUNC");
	check(opened("prog", O_RDONLY), 0, "O_RDONLY");
	check(opened("prog", O_PATH), 0, "O_PATH");
	CALL(-ETXTBSY, truncate, "prog", 0);
	CALL(-ETXTBSY, truncate, "prog", st.st_size);
	CALL(0, fchmodat, AT_FDCWD, "prog", 0700);
	CALL(0, linkat, AT_FDCWD, "prog", AT_FDCWD, "other", 0);
	CALL(0, renameat, AT_FDCWD, "prog", AT_FDCWD, "moved");
	may_write("other", -ETXTBSY, "by another name");
	CALL(0, unlinkat, AT_FDCWD, "moved", 0);
	stop(pid);
	may_write("other", 0, "when it has ended");
	CALL(0, truncate, "other", st.st_size);

	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = start("./other", "fork", NULL);
	while (waitpid(-1, NULL, WNOHANG) == 0) /* for it, not for its child, which is ours then */
		usleep(1000);
	may_write("other", -ETXTBSY, "while a child of it lives");
	stop(pid);
	may_write("other", 0, "which has ended");
	unlink("other");
	copy_self("prog");
	pid = start("./prog", "become", self);
	may_write("prog", 0, "when it has become another");
	stop(pid);
	unlink("prog");
	end();
}

/* execve's answer where it must fail, in a child all the same; 0 if it did not. */
static long tried(int at, const char *path, int flags)
{
	char *argv[] = { "p", "end", NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)-sys(execveat, at, path, argv, argv + 2, flags));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -status;
}

static void write_file(const char *name, const void *data, size_t n)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0755);

	check(write(fd, data, n), (long)n, "write %s", name);
	close(fd);
}

/* A program of no segments that the dynamic linker "./ld" is to load. */
static void write_dynamic(const char *name)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p[2];
		char interp[8];
	} f = {
		.e = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
		       .e_type = ET_DYN,
		       .e_machine = EM_AARCH64,
		       .e_version = 1,
		       .e_phoff = sizeof(f.e),
		       .e_ehsize = sizeof(f.e),
		       .e_phentsize = sizeof(f.p[0]),
		       .e_phnum = 2 },
		.p = { { .p_type = PT_INTERP,
			 .p_offset = sizeof(f.e) + sizeof(f.p),
			 .p_filesz = 5,
			 .p_memsz = 5 },
		       { .p_type = PT_LOAD,
			 .p_flags = PF_R,
			 .p_filesz = sizeof(f),
			 .p_memsz = sizeof(f),
			 .p_align = 4096 } },
		.interp = "./ld",
	};

	write_file(name, &f, sizeof(f));
}

static void test_written(void)
{
	int fd, ro;
	void *map;

	begin("execve, execveat: a file that is written is not executed");
	copy_self("prog");
	write_file("script", "#!./prog end\n", 13);
	write_dynamic("dynamic");
	if (symlink("prog", "ld"))
		expect(false, "symlink");
	check(tried(AT_FDCWD, "./prog", 0), 0, "nobody has it open");
	fd = open("prog", O_WRONLY);
	ro = open("prog", O_RDONLY);
	check(tried(AT_FDCWD, "./prog", 0), -ETXTBSY, "open for writing");
	check(tried(ro, "", AT_EMPTY_PATH), -ETXTBSY, "by a descriptor");
	check(tried(AT_FDCWD, "script", 0), -ETXTBSY, "as a script's interpreter");
	check(tried(AT_FDCWD, "dynamic", 0), -ETXTBSY, "as the dynamic linker");
	close(fd);
	check(tried(AT_FDCWD, "./prog", 0), 0, "closed");
	fd = open("prog", O_RDWR);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	check(tried(AT_FDCWD, "./prog", 0), -ETXTBSY, "a mapping keeps it open");
	munmap(map, 4096);
	check(tried(ro, "", AT_EMPTY_PATH), 0, "unmapped");
	fd = open("prog", O_PATH);
	check(tried(AT_FDCWD, "./prog", 0), 0, "O_PATH is no writer");
	close(fd);
	fd = open("script", O_WRONLY);
	check(tried(AT_FDCWD, "script", 0), -ETXTBSY, "a script");
	close(fd);
	check(tried(AT_FDCWD, "script", 0), 0, "closed");
	close(ro);
	static const char *const names[] = { "prog", "script", "dynamic", "ld" };

	for (size_t i = 0; i < 4; i++)
		unlink(names[i]);
	end();
}

/* ---- a program that is nowhere ---- */

static void test_memfd(void)
{
	char path[40];
	int fd = (int)sys(memfd_create, "prog", MFD_CLOEXEC), writer;

	begin("execveat, memfd_create: a program in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy_self(path);
	check(tried(fd, "", AT_EMPTY_PATH), 0, "its own descriptor is no writer");
	writer = open(path, O_WRONLY);
	check(tried(fd, "", AT_EMPTY_PATH), -ETXTBSY, "one that was opened is");
	close(writer);
	check(tried(fd, "", AT_EMPTY_PATH), 0, "closed");
	write_file("script", "#!./prog end\n", 13);
	close(fd);
	fd = open("script", O_RDONLY | O_CLOEXEC);
	check(tried(fd, "", AT_EMPTY_PATH), -ENOENT,
	      "a script, that its interpreter could not open");
	close(fd);
	unlink("script");
	end();
}

/* ---- rights ---- */

struct rights {
	const char *what;
	uid_t owner, runs; /* whose it is, user and group; who executes it */
	mode_t mode;
	const char *path;
	bool no_new_privs;
	const char *show; /* what show_rights wants */
};

static const struct rights *tested;

static void take_rights(void)
{
	struct rlimit stack = { BIG, RLIM_INFINITY };
	const struct rights *t = tested;

	setrlimit(RLIMIT_STACK, &stack);
	sys(setgroups, 0, 0);
	sys(setresgid, t->runs, t->runs, t->runs);
	sys(setresuid, t->runs, t->runs, t->runs);
	if (t->no_new_privs)
		sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sys(personality, ADDR_NO_RANDOMIZE);
	sys(prctl, PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
	execl(t->path, "p", "rights", t->show, NULL);
	check(-errno, 0, "execl");
}

static void test_rights(void)
{
#define KEPT	 "262144" /* ADDR_NO_RANDOMIZE */
#define AS_USER	 "1000 1000 1000 1000 0 1 " KEPT
#define AS_OWNER "1000 2000 1000 1000 1 0 0"
	static const struct rights rows[] = {
		{ "no bits", OWNER, USER, 0755, "m/prog", false, AS_USER },
		{ "set-user-ID", OWNER, USER, 04755, "m/prog", false, AS_OWNER },
		{ "set-user-ID of root", 0, USER, 04755, "m/prog", false,
		  "1000 0 1000 1000 1 0 0" },
		{ "set-group-ID", OWNER, USER, 02755, "m/prog", false,
		  "1000 1000 1000 2000 1 0 0" },
		{ "both", OWNER, USER, 06755, "m/prog", false, "1000 2000 1000 2000 1 0 0" },
		{ "set-group-ID alone is none", OWNER, USER, 02745, "m/prog", false, AS_USER },
		{ "one's own", USER, USER, 06755, "m/prog", false, "1000 1000 1000 1000 0 1 0" },
		{ "by root", OWNER, 0, 04755, "m/prog", false, "0 2000 0 0 1 0 0" },
		{ "not to be read", OWNER, USER, 0711, "m/prog", false,
		  "1000 1000 1000 1000 0 0 " KEPT },
		{ "PR_SET_NO_NEW_PRIVS", OWNER, USER, 06755, "m/prog", true, AS_USER },
		{ "a mount with MS_NOSUID", OWNER, USER, 06755, "n/prog", false, AS_USER },
		{ "a script's interpreter", OWNER, USER, 04755, "m/script", false, AS_OWNER },
		{ "but not the script itself", OWNER, USER, 0755, "m/idscript", false, AS_USER },
	};

	begin("execve: set-user-ID and set-group-ID; what goes with more rights");
	mkdir("m", 0755);
	mkdir("n", 0755);
	if (mount("none", "m", "tmpfs", 0, "mode=755") || mount("m", "n", NULL, MS_BIND, NULL) ||
	    mount(NULL, "n", NULL, MS_BIND | MS_REMOUNT | MS_NOSUID, NULL))
		expect(false, "mount: %d", errno);
	copy_self("m/prog");
	write_file("m/script", "#!/tmp/m/prog\n", 14);
	write_file("m/idscript", "#!/tmp/m/prog\n", 14);
	check(chown("m/idscript", OWNER, OWNER) ?: chmod("m/idscript", 06755), 0, "chown");
	for (const struct rights *t = rows; t < rows + sizeof(rows) / sizeof(rows[0]); t++) {
		check(chown("m/prog", t->owner, t->owner) ?: chmod("m/prog", t->mode), 0, "chown");
		tested = t;
		check_child(take_rights, 0, "%s", t->what);
	}
	umount("n");
	umount("m");
	rmdir("n");
	rmdir("m");
	end();
}

int main(int argc, char **argv)
{
	if (argc > 1) /* a script's name comes first */
		return be_program(argv + (strstr(argv[1], "script") != NULL));
	self = argv[0];
	umask(022);
	mount_proc();
	if (chdir("/tmp"))
		return 1;
	test_running();
	test_written();
	test_memfd();
	test_rights();
	return tap_done();
}
