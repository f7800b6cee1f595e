/*
 * fifo.c - open(2) of a fifo: two ends that open at the same time, and a writer that does not wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

#define ROUNDS 200

static _Atomic int ready;

/* Both threads go on from here at about the same time, one of them some steps behind. */
static void meet(int round, int behind)
{
	ready++;
	while (ready < 2 * round)
		sched_yield();
	for (volatile int i = 0; i < behind; i++)
		;
}

/* How many opens failed: an alarm interrupts one that waits for what is there already. */
static long open_ends(int flags, int side)
{
	long failed = 0;

	for (int i = 1; i <= ROUNDS; i++) {
		int fd;

		meet(2 * i - 1, side ? i % 61 : i % 67);
		fd = open("fifo", flags);
		failed += fd < 0;
		if (fd >= 0)
			close(fd);
		meet(2 * i, 0);
	}
	return failed;
}

static void *writing_thread(void *arg)
{
	(void)arg;
	return (void *)open_ends(O_WRONLY, 1);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void both_at_once(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval often = { { 100, 0 }, { 60, 0 } };
	pthread_t thread;
	void *failed;

	begin("fifo: both ends at once find each other");
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	check(pthread_create(&thread, NULL, writing_thread, NULL), 0, "a thread");
	check(open_ends(O_RDONLY, 0), 0, "all that read");
	pthread_join(thread, &failed);
	check((long)failed, 0, "all that write");
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	end();
}

/* A writer that does not wait is none, as long as nobody reads. */
static void not_waiting(void)
{
	char c;
	int r, w;

	begin("fifo: a writer that does not wait");
	for (int i = 0; i < 100; i++)
		check(sys(openat, AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO, "alone");
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	check(read(r, &c, 1), 0, "nobody has written");
	w = open("fifo", O_WRONLY | O_NONBLOCK);
	check(w >= 0, 1, "with a reader");
	check(write(w, "x", 1), 1, "a byte");
	check(read(r, &c, 1), 1, "and it comes");
	close(r);
	check(sys(openat, AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO,
	      "the reader is gone");
	close(w);
	end();
}

int main(void)
{
	umask(022);
	mkfifo("fifo", 0644);
	both_at_once();
	not_waiting();
	unlink("fifo");
	return tap_done();
}
