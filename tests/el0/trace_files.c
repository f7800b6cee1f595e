/*
 * trace_files.c - /sys/kernel/newel/trace/: the settings of the trace, what they take, and who may.
 *
 * Linux has no such files, and there all is left out.
 */
#include "abi/capability.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/joinable.h"
#include "tests/el0/tap.h"

#define DIR "/sys/kernel/newel/trace/"

static const char *const names[] = { "kinds",	 "pid",	   "nr",   "result",  "level", "core",
				     "children", "output", "size", "written", "lost",  "clear" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static char text[4096];

static long open_setting(const char *name, unsigned int flags)
{
	char path[64];

	snprintf(path, sizeof(path), DIR "%s", name);
	return open(path, flags, 0);
}

/* What the file says, into text; its length or -errno. */
static long get(const char *name)
{
	long fd = open_setting(name, O_RDONLY), n;

	if (fd < 0)
		return fd;
	n = svc_read((int)fd, text, sizeof(text) - 1);
	svc_close((int)fd);
	text[n < 0 ? 0 : n] = 0;
	return n;
}

static long put_bytes(const char *name, const char *bytes, size_t n)
{
	long fd = open_setting(name, O_WRONLY), ret;

	if (fd < 0)
		return fd;
	ret = svc_write((int)fd, bytes, n);
	svc_close((int)fd);
	return ret < 0 ? ret : 0;
}

static long put(const char *name, const char *s)
{
	return put_bytes(name, s, strlen(s));
}

/* The file says @want and a newline. */
static void says(const char *name, const char *want)
{
	size_t n = strlen(want);
	long got = get(name);

	expect(got == (long)n + 1 && !strncmp(text, want, n) && text[n] == '\n',
	       "%s says %s (%ld), not %s", name, text, got, want);
}

/* @s is taken, and said as @want. */
static void takes(const char *name, const char *s, const char *want)
{
	check(put(name, s), 0, "%s > %s", s, name);
	says(name, want);
}

static void refuses(const char *name, const char *s, long err)
{
	static char before[4096];

	get(name);
	strcpy(before, text);
	check(put(name, s), err, "%s > %s", s, name);
	get(name);
	expect(!strcmp(before, text), "%s has changed from %s to %s", name, before, text);
}

static void try_texts(void)
{
	begin("trace settings: what is taken, and said");
	takes("kinds", "irq,svc ring\n", "svc,irq,ring");
	takes("kinds", "none\n", "none");
	takes("output", "ring\n", "ring");
	says("kinds", "ring");
	takes("pid", "1,0", "0,1");
	takes("pid", "!1\n", "!1");
	takes("pid", "\n", "all");
	takes("nr", "write,0x3f getpid", "read,write,getpid");
	takes("nr", "all", "all");
	takes("result", "error,-2\n", "error,ENOENT");
	takes("result", "", "error,ENOENT"); /* a write of nothing is none */
	takes("result", "all\n", "all");
	takes("level", "!0", "1-3");
	takes("level", "0-3", "all");
	takes("core", "0,0", "0");
	takes("core", "0-7", "all");
	takes("children", "1\n", "1");
	takes("children", "0", "0");
	takes("size", "64K\n", "65536");
	takes("size", "131072", "131072");
	check(put("clear", "1\n"), 0, "clear");
	end();
}

static void try_errors(void)
{
	static const char *const bad[] = { ",", "!", "x", "1,,2", "\001", "999999999999999999999",
					   "-" };
	static char big[4096];

	begin("trace settings: what is refused changes nothing");
	check(put("nr", "read"), 0, "nr");
	check(put("core", "0"), 0, "core");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t f = 0; f < 9; f++)
			refuses(names[f], bad[i], -EINVAL);
	refuses("pid", "1,32000", -ESRCH);
	refuses("size", "1", -EINVAL);
	refuses("size", "64X", -EINVAL);
	refuses("size", "99999999G", -EINVAL);
	refuses("children", "2", -EINVAL);
	refuses("children", "\n", -EINVAL);
	refuses("output", "\n", -EINVAL);
	refuses("kinds", "svc,what", -EINVAL);
	check(put("clear", "2"), -EINVAL, "clear");
	memset(big, ',', sizeof(big));
	check(put_bytes("nr", big, sizeof(big) - 1), -EINVAL, "4095 commas");
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = i & 1 ? '1' : ' ';
	check(put_bytes("nr", big, sizeof(big) - 1), 0, "one call 2047 times");
	says("nr", "1");
	check(put_bytes("nr", "1\0002", 3), -EINVAL, "a NUL");
	check(put("nr", "all"), 0, "nr");
	check(put("core", "all"), 0, "core");
	check(put("written", "1"), -EACCES, "written");
	check(get("clear"), -EACCES, "clear, read");
	end();
}

/* All files, by current as it is: none opens. */
static void may_open_none(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		check(open_setting(names[i], O_RDONLY), -EACCES, "open %s", names[i]);
		check(open_setting(names[i], O_WRONLY), -EACCES, "open %s to write", names[i]);
	}
	check(open("/dev/trace", O_RDONLY, 0), -EACCES, "open /dev/trace");
}

static int opened[NAMES][2];

static void open_all(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		opened[i][0] = (int)open_setting(names[i], O_RDONLY);
		opened[i][1] = (int)open_setting(names[i], O_WRONLY);
	}
}

static void close_all(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		svc_close(opened[i][0]);
		svc_close(opened[i][1]);
	}
}

/* Those that root had opened: neither read nor written. */
static void may_use_none(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		if (strcmp(names[i], "clear"))
			check(svc_read(opened[i][0], text, sizeof(text)), -EPERM, "read %s",
			      names[i]);
		if (strcmp(names[i], "written") && strcmp(names[i], "lost"))
			check(svc_write(opened[i][1], "1", 1), -EPERM, "write %s", names[i]);
	}
}

static void as_user(void)
{
	check(svc_call(NR_setresuid, 1000, 1000, 1000, 0, 0, 0), 0, "setresuid");
	may_open_none();
	may_use_none();
}

static void as_root_without(void)
{
	struct {
		uint32_t version;
		int32_t pid;
	} head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} data[2] = { { ~(1u << CAP_SYS_ADMIN), ~(1u << CAP_SYS_ADMIN), 0 }, { 0, 0, 0 } };

	check(svc_call(NR_capset, (uintptr_t)&head, (uintptr_t)data, 0, 0, 0, 0), 0, "capset");
	may_use_none();
	open_all();
	may_use_none();
	check(open("/dev/trace", O_RDONLY, 0), -EPERM, "open /dev/trace");
}

static void try_others(void)
{
	begin("trace settings: another user, root without CAP_SYS_ADMIN");
	open_all();
	check_child(as_user, 0, "user 1000");
	check_child(as_root_without, 0, "root without the capability");
	close_all();
	end();
}

static long total(const char *name)
{
	long sum = 0;
	char *at = text, *next;

	if (get(name) <= 0)
		return -1;
	for (; (at = strchr(at, ' ')); at = next)
		sum += strtol(at + 1, &next, 10);
	return sum;
}

#define CALLS 100

static long recorded(void)
{
	long before = total("written");

	for (int i = 0; i < CALLS; i++)
		svc_getppid();
	return total("written") - before;
}

/* What a filter lets through, by how much is written: each call and its return are two. */
static void try_recording(void)
{
	char pid[16];

	begin("trace settings: they count at once");
	check(put("nr", "getppid"), 0, "nr");
	check(recorded(), 0, "records without a kind");
	check(put("kinds", "svc,ring"), 0, "kinds");
	check(recorded(), 2 * CALLS, "records of getppid");
	/* Of this alone: another may do anything, on another core or this one. */
	snprintf(pid, sizeof(pid), "!%ld", svc_getpid());
	check(put("pid", pid + 1), 0, "pid");
	check(put("nr", "!getppid,read,write,openat,close"), 0, "nr");
	check(recorded(), 0, "records of others");
	check(put("pid", "all"), 0, "pid");
	check(put("nr", "getppid"), 0, "nr");
	check(put("result", "error"), 0, "result");
	check(recorded(), 0, "records of errors");
	check(put("result", "ok"), 0, "result");
	check(recorded(), 2 * CALLS, "records of answers");
	check(put("result", "all"), 0, "result");
	check(put("pid", pid), 0, "pid");
	check(recorded(), 0, "records of other processes");
	check(put("pid", pid + 1), 0, "pid");
	check(recorded(), 2 * CALLS, "records of this process");
	/* not 2: the kernel may be there */
	check(put("level", "3"), 0, "level");
	check(recorded(), 0, "records of a level above");
	check(put("level", "all"), 0, "level");
	check(put("kinds", "none"), 0, "kinds");
	check(recorded(), 0, "records when it is off");
	check(put("clear", "1"), 0, "clear");
	check(total("written"), 0, "written after clear");
	check(total("lost"), 0, "lost after clear");
	check(put("pid", "all"), 0, "pid");
	check(put("nr", "all"), 0, "nr");
	end();
}

static void make_calls(void)
{
	for (int i = 0; i < CALLS; i++)
		svc_getppid();
}

static void child_calls(void)
{
	make_calls();
}

static void grandchild_calls(void)
{
	in_child(child_calls);
}

static long recorded_by_child(void (*fn)(void))
{
	long before = total("written");

	in_child(fn);
	return total("written") - before;
}

/* A thread's, which begins when @go is set: it has a number before it makes calls. */
static volatile int go;

static bool by_child;

static void wait_and_call(void *arg)
{
	(void)arg;
	while (!go)
		svc_sched_yield();
	if (by_child)
		in_child(child_calls);
	else
		make_calls();
}

static long recorded_by_thread(const char *format)
{
	static struct thread t;
	long before = total("written");
	char text_of[32];
	int tid;

	go = 0;
	check(thread_start(&t, wait_and_call, NULL), 0, "thread");
	tid = t.tid;
	snprintf(text_of, sizeof(text_of), format, tid);
	check(put("pid", text_of), 0, "pid > %s", text_of);
	go = 1;
	thread_join(&t);
	return total("written") - before;
}

static void try_whose(void)
{
	char me[16];

	begin("trace settings: processes, their threads and children");
	check(put("nr", "getppid"), 0, "nr");
	check(put("kinds", "svc,ring"), 0, "kinds");
	snprintf(me, sizeof(me), "%ld\n", svc_getpid());
	check(put("pid", me), 0, "pid");
	check(recorded_by_child(child_calls), 0, "a child's, without children");
	check(recorded_by_thread(me), 2 * CALLS, "a thread's of the process");
	check(put("children", "1"), 0, "children");
	check(recorded_by_child(child_calls), 2 * CALLS, "a child's");
	check(recorded_by_child(grandchild_calls), 2 * CALLS, "a grandchild's");
	check(put("children", "0"), 0, "children");
	check(recorded_by_thread("%d"), 2 * CALLS, "a thread's, by its number");
	check(recorded(), 0, "the other thread's");
	check(recorded_by_thread("!%d"), 0, "a thread's, without it");
	by_child = true;
	check(recorded_by_thread("%d"), 0, "a thread's child's, without children");
	check(put("children", "1"), 0, "children");
	check(recorded_by_thread("%d"), 2 * CALLS, "a thread's child's");
	check(recorded(), 0, "another's beside them");
	check(put("children", "0"), 0, "children");
	by_child = false;
	check(put("pid", "!0"), 0, "pid");
	check(recorded_by_child(child_calls), 2 * CALLS, "anybody's");
	check(put("pid", "0"), 0, "pid");
	check(recorded_by_child(child_calls), 0, "the kernel's");
	check(put("kinds", "none"), 0, "kinds");
	check(put("pid", "all"), 0, "pid");
	check(put("nr", "all"), 0, "nr");
	end();
}

int main(void)
{
	long fd;

	svc_mkdirat(AT_FDCWD, "/sys", 0755);
	svc_mount("sysfs", "/sys", "sysfs", 0, NULL);
	fd = open_setting("kinds", O_RDONLY);
	if (fd < 0) {
		begin("trace settings");
		skip("this kernel has none");
		end();
		return tap_done();
	}
	svc_close((int)fd);
	try_texts();
	try_errors();
	try_others();
	try_recording();
	try_whose();
	return tap_done();
}
