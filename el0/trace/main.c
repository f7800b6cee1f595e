/*
 * main.c - trace: record what a command does at every level, and hand the records out.
 *
 *	trace [-k KINDS] [-f NAME=TEXT]... [-o FILE] COMMAND [ARGUMENT]...
 *	trace start [-k KINDS] [-f NAME=TEXT]...	from now on, with these filters alone, until
 *	trace stop					then:
 *	trace send [-o FILE]				what was recorded
 *
 * KINDS are those of /sys/kernel/newel/trace/kinds (all, with the words of arguments); NAME is
 * another file of that folder.  Without -o the stream goes to standard output in armored lines
 * (armor.h): behind the command's own output, for tools/newel-trace to find in a log of the serial
 * line.
 *
 * While the command runs the ring is emptied as it fills; this program's own crossings are left out
 * (pid=!), or it would record its own reading for ever.
 */
#include "abi/fcntl.h"
#include "abi/termios.h"
#include "abi/trace.h"
#include "abi/wait.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/trace/armor.h"
#include "el0/trace/settings.h"

#define KINDS	   "all,args,ring"
#define KINDS_NONE "\n"
#define KIND_WORDS \
	"all svc fault irq el2 el3 sched wake task copy signal block guest args ring none"
#define RING_SIZE   "4M"   /* of each core */
#define RING_SMALL  "512K" /* where that is too much */
#define LOOK_MS	    2	   /* between two looks at the ring, or longer, */
#define LOOK_MAX_MS 32	   /* while little comes: its size lasts for that */
#define LITTLE	    (16 << 10)
#define BUSY	    (256 << 10) /* after so many bytes at a time the next look is at once */
#define USAGE                                                                         \
	"usage: trace [-k KINDS] [-f NAME=TEXT]... [-o FILE] COMMAND [ARGUMENT]...\n" \
	"       trace start [-k KINDS] [-f NAME=TEXT]... | trace stop | trace send [-o FILE]\n"

struct options {
	const char *kinds, *out, *filters[SETTINGS_MAX];
	unsigned int nr_filters;
	char **command;
};

static char buf[64 << 10];

/* ---- the stream ---- */

/*
 * All that is in the ring now goes from @in to @out: how many bytes, or -errno, which is said.
 */
static long drain_ring(int in, int out)
{
	long n, done = 0;

	while ((n = svc_read(in, buf, sizeof(buf))) > 0) {
		long err = write_all(out, buf, (size_t)n);

		if (err) {
			dprintf(2, "trace: the records cannot be written: %s\n", strerror(err));
			return err;
		}
		done += n;
	}
	if (n < 0)
		dprintf(2, "trace: %s: %s\n", TRACE_DEVICE, strerror(n));
	return n < 0 ? n : done;
}

/* A file without a name, in which the stream waits until it is sent. */
static int open_spool(void)
{
	static char name[64];
	int fd;

	snprintf(name, sizeof(name), "/tmp/trace.%ld", svc_getpid());
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		svc_unlinkat(AT_FDCWD, name, 0);
	else
		dprintf(2, "trace: %s: %s\n", name, strerror(fd));
	return fd;
}

static int open_out(const char *path)
{
	int fd;

	if (!path)
		return open_spool();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		dprintf(2, "trace: %s: %s\n", path, strerror(fd));
	return fd;
}

/* The spool's bytes as lines; the kernel keeps its own lines off the console meanwhile. */
static int send_spool(int fd)
{
	unsigned int number = 0;
	char data[ARMOR_BYTES], line[ARMOR_LINE];
	long n, err = 0;

	svc_lseek(fd, 0, SEEK_SET);
	svc_syslog(6, NULL, 0); /* SYSLOG_ACTION_CONSOLE_OFF */
	while (!err && (n = svc_read(fd, data, sizeof(data))) > 0)
		err = write_all(1, line, armor_line(line, number++, data, (size_t)n));
	svc_syslog(7, NULL, 0);
	return (int)err;
}

/* ---- recording ---- */

static int put_options(const struct options *o)
{
	int err = 0;

	for (unsigned int i = 0; i < o->nr_filters && !err; i++)
		err = settings_option(o->filters[i]);
	return err;
}

static int put_kinds(const struct options *o)
{
	int err = settings_put("kinds", o->kinds ? o->kinds : KINDS);

	if (err == -EINVAL)
		dprintf(2, "trace: kinds are a list of these: " KIND_WORDS "\n");
	return err;
}

/* The rings are empty, and large unless the user says how large. */
static int make_room(void)
{
	if (!settings_has("size") && settings_try("size", RING_SIZE) &&
	    settings_put("size", RING_SMALL))
		return -ENOMEM;
	return settings_put("clear", "1");
}

/* Nothing is recorded yet: what the user asks for, and what is needed beside it. */
static int prepare(const struct options *o)
{
	char own[32];
	int err = settings_put("kinds", KINDS_NONE);

	if (!err)
		err = put_options(o);
	snprintf(own, sizeof(own), "!%ld", svc_getpid());
	if (!err && !settings_has("pid"))
		err = settings_put("pid", own);
	return err ? err : make_room();
}

/* The command, which begins when @begin is closed on the other side. */
static int start_command(char **argv, int begin[2])
{
	int pid, err;
	char byte;

	pid = fork();
	if (pid)
		return pid;
	svc_close(begin[1]);
	default_signal(SIGINT);
	default_signal(SIGQUIT);
	ignore_signal(SIGTSTP); /* nobody here would let it go on */
	svc_read(begin[0], &byte, 1);
	err = execvp(argv);
	dprintf(2, "trace: %s: %s\n", argv[0], strerror(err));
	exit(err == -ENOENT ? 127 : 126);
}

/* Until @pid has ended; its status, or -errno.  @ring -1: nothing of it goes to @out. */
static int follow(int pid, int ring, int out)
{
	unsigned int pause = LOOK_MS;
	int status, ended = 0;
	long n = ring < 0 ? ring : 0;

	while (!ended) {
		ended = waitpid(pid, &status, WNOHANG);
		if (n >= 0)
			n = drain_ring(ring, out);
		if (ended || n >= BUSY)
			continue;
		pause = n > LITTLE ? LOOK_MS : pause < LOOK_MAX_MS ? pause * 2 : pause;
		sleep_ms(pause);
	}
	return ended < 0 ? ended : status;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * The terminal's ^C is for @pid's group alone, not for us and who waits for us.  @pid has not
 * begun.  False: there is no terminal, or it is not ours now.
 */
static bool give_terminal(int pid)
{
	int group;

	if (svc_ioctl(0, TIOCGPGRP, &group) || group != svc_getpgid(0))
		return false;
	ignore_signal(SIGTTOU); /* which is for those that are not in front, as we from here on */
	return svc_setpgid(pid, pid) == 0 && svc_ioctl(0, TIOCSPGRP, &pid) == 0;
}

static void take_terminal_back(void)
{
	int group = (int)svc_getpgid(0);

	svc_ioctl(0, TIOCSPGRP, &group);
}

/* Who ends us ends the command, and all is put back. */
static int command_pid;

static void pass_on(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)info;
	(void)uc;
	svc_kill(command_pid, sig);
}

/* With all open: the command runs, and is recorded. */
static int record_command(const struct options *o, int ring, int out)
{
	int begin[2], pid, status, err = (int)svc_pipe2(begin, O_CLOEXEC);
	bool in_front;

	if (err)
		return 125;
	pid = start_command(o->command, begin);
	svc_close(begin[0]);
	if (pid < 0) {
		dprintf(2, "trace: no process: %s\n", strerror(pid));
		return 125;
	}
	command_pid = pid;
	ignore_signal(SIGINT);
	ignore_signal(SIGQUIT);
	catch_signal(SIGTERM, pass_on, 0);
	catch_signal(SIGHUP, pass_on, 0);
	in_front = give_terminal(pid);
	err = put_kinds(o);
	if (err)
		svc_kill(pid, SIGKILL);
	svc_close(begin[1]);
	/* Not a byte where nothing could be recorded: @out stays as empty as the record. */
	status = follow(pid, err ? -1 : ring, out);
	if (in_front)
		take_terminal_back();
	/* Before the ring has its old size again. */
	settings_put("kinds", KINDS_NONE);
	if (!err)
		drain_ring(ring, out);
	return err || status < 0 ? 125 : exit_status(status);
}

static int open_ring(void)
{
	int fd = open(TRACE_DEVICE, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		dprintf(2, "trace: %s: %s\n", TRACE_DEVICE, strerror(fd));
	return fd;
}

static int trace_command(const struct options *o)
{
	int out = open_out(o->out), ring, status = 125;

	if (out < 0)
		return 125;
	if (prepare(o) == 0) {
		ring = open_ring();
		if (ring >= 0)
			status = record_command(o, ring, out);
	}
	settings_restore();
	if (!o->out && send_spool(out))
		return 125;
	return status;
}

/* ---- by hand ---- */

/* What an earlier start, or somebody, left there: none of it, but what the user asks for now. */
static int clear_filters(void)
{
	static const char *const names[] = { "pid", "nr", "result", "level", "core" };
	int err = 0;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names) && !err; i++)
		err = settings_put(names[i], "");
	return err;
}

static int trace_start(const struct options *o)
{
	int err = clear_filters();

	if (!err)
		err = put_options(o);
	if (!err)
		err = make_room();
	return err || put_kinds(o) ? 1 : 0;
}

static int trace_send(const struct options *o)
{
	int ring = open_ring(), out = ring < 0 ? ring : open_out(o->out);

	if (out < 0 || drain_ring(ring, out) < 0)
		return 1;
	return !o->out && send_spool(out) ? 1 : 0;
}

/* ---- the command line ---- */

/* Options up to the first word that is none; false: usage. */
static bool take_options(struct options *o, char **argv)
{
	for (; *argv && **argv == '-'; argv += 2) {
		if (!argv[1] || strlen(*argv) != 2)
			return false;
		switch ((*argv)[1]) {
		case 'k': o->kinds = argv[1]; break;
		case 'o': o->out = argv[1]; break;
		case 'f':
			if (o->nr_filters == SETTINGS_MAX)
				return false;
			o->filters[o->nr_filters++] = argv[1];
			break;
		default: return false;
		}
	}
	o->command = argv;
	return true;
}

static int usage(void)
{
	dprintf(2, USAGE);
	return 2;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	const char *verb = argc > 1 ? argv[1] : "";
	bool start = strcmp(verb, "start") == 0, stop = strcmp(verb, "stop") == 0,
	     send = strcmp(verb, "send") == 0, by_hand = start || stop || send;

	if (argc < 2 || !take_options(&o, argv + 1 + by_hand) || by_hand == !!*o.command)
		return usage();
	if (start)
		return trace_start(&o);
	if (stop)
		return settings_put("kinds", KINDS_NONE) ? 1 : 0;
	return send ? trace_send(&o) : trace_command(&o);
}
