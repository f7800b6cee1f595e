/*
 * adversary.c - process 1: every attack, one after the other, and what the kernel's stretches were
 * meanwhile.
 *
 * Of each attack come the lines `ATTACK name begin`, each place of /dev/stretches as `STRETCH ...`,
 * and `ATTACK name end STATUS`. ATTACKS=a,b on the kernel's command line runs only those (memory,
 * files, tasks, programs, guests: all of that list), SIZE=n says how large they are.
 */
#include "tests/stretch/adversary.h"

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>

#define USER	   1000
#define PLACE_SIZE 1024

static int stretches = -1;

char *memory(size_t bytes, bool touched)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; touched && i < bytes; i += 4096)
		p[i] = 1;
	return p;
}

int children(int n, void (*begin)(void *arg), void *arg, pid_t *pid)
{
	int made = 0;

	fflush(NULL);
	while (made < n && (pid[made] = fork()) >= 0) {
		if (pid[made] == 0) {
			if (begin)
				begin(arg);
			for (;;)
				pause();
		}
		made++;
	}
	return made;
}

void end_children(int n, const pid_t *pid)
{
	for (int i = 0; i < n; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < n; i++)
		waitpid(pid[i], NULL, 0);
}

int threads(int n, void *(*fn)(void *arg), void *arg)
{
	pthread_attr_t attr;
	pthread_t t;
	int made = 0;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0,
	      0); /* else a few hundred of their stacks are all memory */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	pthread_attr_setguardsize(&attr, 0);
	while (made < n && !pthread_create(&t, &attr, fn, arg))
		made++;
	return made;
}

void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&t, NULL);
}

/* Every place, a line each; one read brings whole lines. */
static void show(void)
{
	char buf[64 * PLACE_SIZE];
	ssize_t n;

	lseek(stretches, 0, SEEK_SET);
	while ((n = read(stretches, buf, sizeof(buf) - 1)) > 0) {
		buf[n] = 0;
		for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
			printf("STRETCH %s\n", line);
	}
}

static void become_user(void)
{
	struct rlimit many = { 4096, 4096 }, all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_NPROC, &all);
	setrlimit(RLIMIT_MEMLOCK, &all);
	setrlimit(RLIMIT_SIGPENDING, &all);
	setrlimit(RLIMIT_NOFILE, &many);
}

static void reap_all(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

void attack_begin(const char *name)
{
	printf("ATTACK %s begin\n", name);
	if (write(stretches, "0", 1) != 1)
		perror("stretches");
}

void attack_end(const char *name, int status)
{
	reap_all();
	show();
	printf("ATTACK %s end %#x\n", name, status);
}

static int run_in_child(const struct attack *a, int size)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		become_user();
		if (chdir("/tmp") || (a->as == AS_USER && (setgid(USER) || setuid(USER))))
			_exit(2);
		alarm(LIMIT_S);
		a->run(size);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void run(const struct attack *a, int size)
{
	if (a->as == AS_INIT) {
		a->run(size);
		return;
	}
	attack_begin(a->name);
	attack_end(a->name, run_in_child(a, size));
}

static bool wanted(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (!strncmp(list, name, n) && (list[n] == ',' || !list[n]))
			return true;
	return false;
}

static const struct {
	const char *name;
	const struct attack *attacks;
} lists[] = {
	{ "memory", attacks_memory },	  { "files", attacks_files },	{ "tasks", attacks_tasks },
	{ "programs", attacks_programs }, { "guests", attacks_guests },
};

int main(void)
{
	const char *only = getenv("ATTACKS"), *size = getenv("SIZE");

	if (getpid() != 1)
		return 0; /* what an attack has executed */
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/tmp", 0777);
	chmod("/tmp", 01777);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	stretches = open("/dev/stretches", O_RDWR | O_CLOEXEC);
	if (stretches < 0)
		printf("ATTACK none: the kernel measures nothing\n");
	for (unsigned int i = 0; stretches >= 0 && i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct attack *a = lists[i].attacks; a->name; a++)
			if (wanted(lists[i].name, only) || wanted(a->name, only))
				run(a, size ? atoi(size) : 1);
	printf("ATTACK all end\n");
	reboot(RB_POWER_OFF);
	return 1;
}
