/*
 * pipes.c - pipes and ppoll: order, partial counts, ends that close, sleepers that wake.
 */
#include "abi/fcntl.h"
#include "abi/termios.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

static char buf[200000], back[200000];

static void basics(void)
{
	int fds[2], n;

	begin("a pipe: data, ends, errors");
	check(svc_pipe2(fds, 0x80000001), -EINVAL, "unknown flags");
	check(svc_pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0, "pipe2");
	check(svc_fcntl(fds[0], F_GETFD, 0), FD_CLOEXEC, "O_CLOEXEC");
	check(svc_read(fds[0], back, 10), -EAGAIN, "empty");
	check(svc_write(fds[1], "hello", 5), 5, "write");
	check(svc_write(fds[1], " you", 4), 4, "write");
	check(svc_ioctl(fds[0], FIONREAD, &n), 0, "FIONREAD");
	check(n, 9, "how much");
	check(svc_read(fds[0], back, 3), 3, "read a part");
	check(svc_read(fds[0], back + 3, 100), 6, "read the rest");
	check(memcmp(back, "hello you", 9), 0, "contents");
	check(svc_write(fds[0], "x", 1), -EBADF, "write to the reading end");
	check(svc_read(fds[1], back, 1), -EBADF, "read from the writing end");
	check(svc_lseek(fds[0], 0, SEEK_SET), -ESPIPE, "lseek");
	check(svc_pread64(fds[0], back, 1, 0), -ESPIPE, "pread64");
	check(svc_ftruncate(fds[1], 0), -EINVAL, "ftruncate");
	check(svc_write(fds[1], "end", 3), 3, "write");
	svc_close(fds[1]);
	check(svc_read(fds[0], back, 10), 3, "what was left");
	check(svc_read(fds[0], back, 10), 0, "and then the end");
	svc_close(fds[0]);
	end();
}

static void capacity(void)
{
	int fds[2];
	long n, total = 0;

	begin("64 KiB fit; partial writes; atomic small ones");
	svc_pipe2(fds, O_NONBLOCK);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 13 + i / 256);
	n = svc_write(fds[1], buf, sizeof(buf));
	check(n, 65536, "a write of more than fits");
	check(svc_write(fds[1], buf, 1), -EAGAIN, "full");
	check(svc_read(fds[0], back, 4096), 4096, "room for a page");
	check(svc_write(fds[1], buf + n, 4096), 4096, "is used");
	check(memcmp(back, buf, 4096), 0, "contents");
	while ((n = svc_read(fds[0], back + total, 10000)) > 0)
		total += n;
	check(total, 65536, "all of it");
	check(memcmp(back, buf + 4096, 65536), 0, "in order");
	svc_close(fds[0]);
	svc_close(fds[1]);
	end();
}

static void broken(void)
{
	int fds[2];

	svc_pipe2(fds, 0);
	svc_close(fds[0]);
	svc_write(fds[1], "x", 1);
}

static void broken_ignored(void)
{
	ignore_signal(SIGPIPE);
	broken();
	exit(7);
}

static void broken_pipes(void)
{
	begin("a pipe that nobody reads: SIGPIPE, EPIPE");
	check_child(broken, SIGPIPE, "SIGPIPE");
	check_child(broken_ignored, WAIT_EXITED(7), "ignored");
	end();
}

/* A megabyte through, by a writer and a reader who both sleep and wake. */
static void streaming(void)
{
	int fds[2], pid, status;
	size_t got = 0;
	uint32_t sum = 0, want = 0;
	long n;

	begin("a megabyte from one process to another");
	svc_pipe2(fds, 0);
	pid = fork();
	if (pid == 0) {
		svc_close(fds[0]);
		for (int i = 0; i < 8; i++)
			if (svc_write(fds[1], buf, 131072) != 131072)
				exit(1);
		exit(0);
	}
	svc_close(fds[1]);
	while ((n = svc_read(fds[0], back, 7777)) > 0) {
		for (long i = 0; i < n; i++)
			sum = sum * 31 + (uint8_t)back[i];
		got += (size_t)n;
	}
	for (int i = 0; i < 8; i++)
		for (int j = 0; j < 131072; j++)
			want = want * 31 + (uint8_t)buf[j];
	check((long)got, 8 * 131072, "bytes");
	check(sum, want, "checksum");
	check(waitpid(pid, &status, 0) == pid ? status : -1, 0, "the writer");
	svc_close(fds[0]);
	end();
}

static void ping_pong(void)
{
	int to[2], from[2], pid, status;
	char c = 0;

	begin("1000 times there and back");
	svc_pipe2(to, 0);
	svc_pipe2(from, 0);
	pid = fork();
	if (pid == 0) {
		svc_close(to[1]);
		while (svc_read(to[0], &c, 1) == 1) {
			c++;
			svc_write(from[1], &c, 1);
		}
		exit(0);
	}
	svc_close(to[0]);
	for (int i = 0; i < 1000; i++) {
		c = (char)i;
		svc_write(to[1], &c, 1);
		check(svc_read(from[0], &c, 1), 1, "read %d", i);
		check(c, (char)(i + 1), "answer %d", i);
	}
	svc_close(to[1]);
	check(waitpid(pid, &status, 0) == pid ? status : -1, 0, "the other one");
	svc_close(from[0]);
	svc_close(from[1]);
	end();
}

static void polling(void)
{
	struct timespec none = { 0, 0 }, ms20 = { 0, 20000000 }, bad = { 0, 1000000000 };
	struct timespec before, after;
	struct pollfd p[3];
	int fds[2], pid, status;

	begin("ppoll: events, hang-up, timeout, errors");
	svc_pipe2(fds, 0);
	p[0] = (struct pollfd){ fds[0], POLLIN, -1 };
	p[1] = (struct pollfd){ fds[1], POLLOUT, -1 };
	p[2] = (struct pollfd){ -5, POLLIN, -1 };
	check(svc_ppoll(p, 3, &none, NULL, 8), 1, "one is ready");
	check(p[0].revents, 0, "nothing to read");
	check(p[1].revents, POLLOUT, "room to write");
	check(p[2].revents, 0, "a negative descriptor is passed over");
	svc_write(fds[1], "x", 1);
	check(svc_ppoll(p, 1, &none, NULL, 8), 1, "something to read");
	check(p[0].revents, POLLIN, "POLLIN");
	svc_read(fds[0], back, 1);
	svc_clock_gettime(CLOCK_MONOTONIC, &before);
	check(svc_ppoll(p, 1, &ms20, NULL, 8), 0, "timeout");
	svc_clock_gettime(CLOCK_MONOTONIC, &after);
	expect((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
		       20000000,
	       "after 20 ms");
	pid = fork();
	if (pid == 0) {
		sleep_ms(20);
		svc_write(fds[1], "y", 1);
		exit(0);
	}
	check(svc_ppoll(p, 1, NULL, NULL, 8), 1, "woken by a writer");
	waitpid(pid, &status, 0);
	svc_close(fds[1]);
	svc_read(fds[0], back, 1);
	check(svc_ppoll(p, 1, NULL, NULL, 8), 1, "the writer has gone");
	check(p[0].revents, POLLHUP, "POLLHUP");
	p[0].fd = 99;
	check(svc_ppoll(p, 1, NULL, NULL, 8), 1, "no such descriptor");
	check(p[0].revents, POLLNVAL, "POLLNVAL");
	check(svc_ppoll(p, 1, &bad, NULL, 8), -EINVAL, "10^9 ns");
	check(svc_ppoll(p, 1UL << 31, &none, NULL, 8), -EINVAL, "2^31 descriptors");
	check(svc_ppoll(p, 1, &none, (void *)p, 7), -EINVAL, "a mask of 7 bytes");
	svc_close(fds[0]);
	end();
}

int main(void)
{
	basics();
	capacity();
	broken_pipes();
	streaming();
	ping_pong();
	polling();
	return tap_done();
}
