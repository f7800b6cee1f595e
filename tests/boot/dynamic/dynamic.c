/*
 * dynamic.c - a program with an interpreter and shared libraries, as the GNU C library's loader
 * makes it of what the kernel says: the auxiliary vector, the mappings, the vDSO; threads,
 * thread-local data, dlopen, LD_PRELOAD, the loader run by hand.
 *
 * Linked three times: dynamic_pie, dynamic_fixed (not position-independent, bound at once) and
 * dynamic_lazy (bound at each first call).  Run with an argument it is its own child.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/boot/dynamic/library.h"
#include "tests/el0/libc/calls.h"

#define LOADER	"/lib/ld-linux-aarch64.so.1"
#define THREADS 8

extern char **environ;
extern void _start(void);

static char self[64]; /* this program's path */

struct seen {
	uintptr_t program, loader, vdso, phdr; /* addresses */
	int objects;
};

static int see(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct seen *s = arg;

	(void)size;
	s->objects++;
	if (!info->dlpi_name[0]) {
		s->program = info->dlpi_addr;
		s->phdr = (uintptr_t)info->dlpi_phdr;
	} else if (strstr(info->dlpi_name, "ld-linux")) {
		s->loader = info->dlpi_addr;
	} else if (strstr(info->dlpi_name, "vdso")) {
		s->vdso = (uintptr_t)info->dlpi_phdr & ~0xfffUL;
	}
	return 0;
}

static void auxiliary_vector(void)
{
	struct seen s = { 0 };

	begin("the auxiliary vector says what the loader found");
	dl_iterate_phdr(see, &s);
	expect(s.objects >= 5, "program, vDSO, two libraries and loader: %d objects", s.objects);
	check((long)getauxval(AT_BASE), (long)s.loader, "AT_BASE");
	check((long)getauxval(AT_PHDR), (long)s.phdr, "AT_PHDR");
	check((long)getauxval(AT_ENTRY), (long)&_start, "AT_ENTRY");
	check((long)getauxval(AT_SYSINFO_EHDR), (long)s.vdso, "AT_SYSINFO_EHDR");
	expect(!strcmp((char *)getauxval(AT_EXECFN), self), "AT_EXECFN: %s",
	       (char *)getauxval(AT_EXECFN));
	check((s.program != 0), !strstr(self, "fixed"),
	      "only a fixed program is where it was linked");
	end();
}

/* How many lines of /proc/self/maps name @name, with @perms; fails for lines that overlap. */
static int mapped(const char *name, const char *perms)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512], p[8];
	unsigned long start, stop, last = 0;
	int n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		check(sscanf(line, "%lx-%lx %7s", &start, &stop, p), 3, "a line of maps");
		expect(start >= last && stop > start, "in order: %s", line);
		expect(!strchr(p, 'w') || !strchr(p, 'x'), "written or executed, not both: %s",
		       line);
		last = stop;
		n += strstr(line, name) && !strncmp(p, perms, 4);
	}
	if (f)
		fclose(f);
	return n;
}

static void mappings(void)
{
	begin("/proc/self/maps: each object's text, its constants behind the relocations, its "
	      "data");
	for (const char *const *o = (const char *const[]){ self, "/lib/ld-linux", "/lib/libc.so.6",
							   "/libone.so", NULL };
	     *o; o++) {
		check(mapped(*o, "r-xp"), 1, "%s: text", *o);
		expect(mapped(*o, "r--p") >= 1, "%s: constants", *o);
		expect(mapped(*o, "rw-p") >= 1, "%s: data", *o);
	}
	check(mapped("[heap]", "rw-p"), 1, "heap");
	check(mapped("[stack]", "rw-p"), 1, "stack");
	check(mapped("[vdso]", "r-xp"), 1, "vDSO");
	end();
}

static pthread_barrier_t barrier;
static int (*count_two)(void);
static int wrong;

/*
 * Each step at the same time in all threads: the first calls race through the loader's lazy
 * binding.
 */
static void *thread(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&barrier);
	for (int i = 1; i <= 50; i++)
		if (one_count() != 41 + i || one_counter != 41 + i)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	pthread_barrier_wait(&barrier); /* two.c is opened between these */
	pthread_barrier_wait(&barrier);
	for (int i = 1; i <= 50; i++)
		if (count_two() != 100 + i)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void threads(void)
{
	pthread_t t[THREADS];
	void *two;

	begin("thread-local data of libraries, of one opened while threads run too; first calls "
	      "from all threads at once");
	check(one_constructed, 42, "the constructor has run");
	check(one_chosen(), 7, "the indirect function");
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&t[i], NULL, thread, NULL), 0, "pthread_create");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	two = dlopen("libtwo.so", RTLD_LAZY);
	expect(two != NULL, "dlopen: %s", two ? "" : dlerror());
	if (two)
		count_two = (int (*)(void))dlsym(two, "two_count");
	expect(count_two != NULL, "two_count");
	if (!count_two)
		exit(1); /* the threads would call it */
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		check(pthread_join(t[i], NULL), 0, "pthread_join");
	check(wrong, 0, "counts that were another thread's");
	dlclose(two);
	end();
}

static void opened_and_closed(void)
{
	begin("dlopen and dlclose, again and again");
	for (int i = 0; i < 100; i++) {
		void *two = dlopen("libtwo.so", i & 1 ? RTLD_NOW : RTLD_LAZY);
		const char *(*name)(void) =
			two ? (const char *(*)(void))dlsym(two, "two_name") : NULL;

		expect(name && !strcmp(name(), "two"), "round %d", i);
		check(mapped("/libtwo.so", "r-xp"), 1, "it is mapped, once");
		if (two)
			dlclose(two);
		check(mapped("/libtwo.so", "r-xp"), 0, "it is gone");
	}
	expect(!dlopen("/bin/hello", RTLD_NOW), "a program is no library");
	expect(!dlopen("/tests", RTLD_NOW), "nor is a directory");
	end();
}

/* The exit status of @argv with @preload in LD_PRELOAD; -1: no such thing. */
static int status_of(char *const argv[], const char *preload)
{
	int status, pid;

	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	else
		unsetenv("LD_PRELOAD");
	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ))
		return -1;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void preloaded(void)
{
	char *argv[] = { self, "answer", NULL }, *by_loader[] = { LOADER, self, "answer", NULL };
	char *with[] = { LOADER, "--preload", "/lib/preload.so", self, "answer", NULL };
	char *loader[] = { LOADER, self, "loader", NULL };

	begin("LD_PRELOAD, and the loader run as a program");
	check(status_of(argv, NULL), 1, "the library's own answer");
	check(status_of(argv, "/lib/preload.so"), 2, "the preloaded one's");
	check(status_of(by_loader, NULL), 1, "by the loader");
	check(status_of(by_loader, "/lib/preload.so"), 2, "by the loader, preloaded");
	check(status_of(with, NULL), 2, "by the loader, which preloads");
	check(status_of(loader, NULL), 0, "what the kernel says of a loader that is the program");
	end();
}

static int copy(const char *from, const char *to, mode_t mode)
{
	static char buf[1 << 16];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			break;
	close(in);
	close(out);
	return n || chmod(to, mode);
}

static void secure(void)
{
	char path[] = "/tmp/privileged";
	int status, pid;

	begin("AT_SECURE: a set-user-ID program preloads nothing from its user");
	check(copy(self, path, 04755), 0, "a copy, set-user-ID");
	setenv("LD_PRELOAD", "/lib/preload.so", 1);
	pid = fork();
	if (!pid) {
		if (!setresuid(1000, 1000, 1000))
			execl(path, path, "secure", NULL);
		_exit(99);
	}
	check(waitpid(pid, &status, 0), pid, "waitpid");
	check(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 1, "answer of the library itself");
	unsetenv("LD_PRELOAD");
	unlink(path);
	end();
}

static void *spawner(void *arg)
{
	char *argv[] = { self, "answer", NULL };
	int status, pid;

	(void)arg;
	for (int i = 0; i < 5; i++)
		if (posix_spawn(&pid, self, NULL, NULL, argv, environ) ||
		    waitpid(pid, &status, 0) != pid || status != 1 << 8)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void many(void)
{
	pthread_t t[THREADS];

	begin("threads that start dynamic programs, all at once");
	wrong = 0;
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&t[i], NULL, spawner, NULL), 0, "pthread_create");
	for (int i = 0; i < THREADS; i++)
		check(pthread_join(t[i], NULL), 0, "pthread_join");
	check(wrong, 0, "programs that failed");
	end();
}

/* What this program says when it is its own child: its exit status. */
static int child(const char *what)
{
	char exe[64] = "";

	if (!strcmp(what, "answer"))
		return one_answer();
	if (!strcmp(what, "secure"))
		return getauxval(AT_SECURE) == 1 && geteuid() == 0 ? one_answer() : 98;
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0 || strcmp(exe, LOADER))
		return 97;
	return getauxval(AT_BASE)
		       ? 96
		       : 0; /* the rest of the vector the loader has made as if for this program */
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argv[1]);
	snprintf(self, sizeof(self), "%s", argv[0]);
	mount("proc", "/proc", "proc", 0, NULL); /* by the first of them */
	auxiliary_vector();
	mappings();
	threads();
	opened_and_closed();
	preloaded();
	secure();
	many();
	return tap_done();
}
