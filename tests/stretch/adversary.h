/*
 * adversary.h - programs that make the kernel's work as long as a user can.
 *
 * An attack is a function that is given a size: 1 is short (make test), 8 long (make test-long),
 * and does its worst.  Whether its calls succeed is not its matter: what the kernel has measured is
 * (adversary.c prints it).  Each runs as a child of its own, as user 1000 unless it says otherwise,
 * and may leave anything behind: processes are killed and waited for, and that is measured too.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Who runs it: a child that is user 1000, or root; or process 1 itself, for it is several attacks.
 */
enum attacker { AS_USER, AS_ROOT, AS_INIT };

struct attack {
	const char *name;
	void (*run)(int size);
	enum attacker as;
};

/* One list a file, in the order in which they run; the last has no name. */
extern const struct attack attacks_memory[], attacks_files[], attacks_tasks[], attacks_programs[],
	attacks_guests[];

#define LIMIT_S 3600 /* of the machine's clock: an attack that hangs is ended */

#define KIB(n)	((size_t)(n) << 10)
#define MIB(n)	((size_t)(n) << 20)
#define GIB(n)	((size_t)(n) << 30)

/* Anonymous memory, writable; its pages touched one by one (never 2 MiB at once), or not. */
char *memory(size_t bytes, bool touched);

/*
 * @n children that wait for their end, each after @begin(@arg); their pids are the caller's to
 * kill.  As many as can be.
 */
int children(int n, void (*begin)(void *arg), void *arg, pid_t *pid);
/* Ends and waits for them. */
void end_children(int n, const pid_t *pid);

/* @n threads with small stacks that run @fn(@arg) and never end; as many as can be. */
int threads(int n, void *(*fn)(void *arg), void *arg);

/*
 * An attack begins: nothing is measured yet; it has ended, with @status of wait(2): all processes
 * are ended, and what was measured is printed.  For process 1, of one that has several in it.
 */
void attack_begin(const char *name);
void attack_end(const char *name, int status);

/* Sleeps so long, milliseconds. */
void pause_ms(int ms);

static inline int min_int(int a, int b)
{
	return a < b ? a : b;
}
