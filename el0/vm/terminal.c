/*
 * terminal.c - two rings between the terminal and the guest's consoles, and the loop that moves
 * what is in them.
 *
 * A console never waits for the terminal, nor the terminal for a console: what finds a ring full
 * stays where it is, in the guest or with the kernel, until there is room.
 */
#include "abi/termios.h"
#include "el0/lib/stdio.h"
#include "el0/lib/syscall.h"
#include "el0/vm/vm.h"

#define RING	  65536u /* bytes; a power of two */
#define CHUNK	  256u	 /* what a terminal takes at once without a long wait */
#define ESCAPE	  1	 /* ^A */
#define LINGER_MS 4
#define LAST_MS	  1000 /* for a guest's last words */

struct ring {
	uint32_t in, out; /* counts that wrap */
	uint8_t at[RING];
};

static struct ring keys, text;
static struct mutex lock; /* of both rings, and the two below */
static enum keyboard keyboard;
static bool lingers; /* text was written a moment ago: more is looked for soon, without a kick */
static struct termios before;
static bool raw, escaped;
static int keys_fd, kick;

static size_t ring_held(const struct ring *r)
{
	return r->in - r->out;
}

static void ring_put(struct ring *r, uint8_t c)
{
	r->at[r->in++ % RING] = c;
}

void vm_say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dprintf(2, "vm: %s%s", line, raw ? "\r\n" : "\n");
}

int terminal_open(enum keyboard to)
{
	struct termios t;

	keyboard = to;
	kick = (int)svc_eventfd2(0, O_NONBLOCK | O_CLOEXEC);
	if (kick < 0)
		return kick;
	if (svc_ioctl(0, TCGETS, &before) < 0)
		return 0; /* no terminal: a file or a pipe, as it is */
	t = before;
	t.c_iflag = t.c_oflag = t.c_lflag = 0;
	t.c_cflag = (t.c_cflag & ~(uint32_t)(CSIZE | PARENB)) | CS8;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	raw = svc_ioctl(0, TCSETSW, &t) == 0;
	return 0;
}

void terminal_close(void)
{
	if (raw)
		svc_ioctl(0, TCSETSW, &before);
	raw = false;
}

size_t terminal_write(const void *buf, size_t n)
{
	const uint8_t *p = buf;
	size_t done = 0;
	bool sleeps;

	mutex_lock(&lock);
	sleeps = !ring_held(&text) && !lingers;
	for (; done < n && ring_held(&text) < RING; done++)
		ring_put(&text, p[done]);
	mutex_unlock(&lock);
	if (sleeps && done)
		terminal_kick();
	return done;
}

size_t terminal_room(void)
{
	return RING - (__atomic_load_n(&text.in, __ATOMIC_RELAXED) -
		       __atomic_load_n(&text.out, __ATOMIC_RELAXED));
}

size_t terminal_keys(enum keyboard who)
{
	size_t n;

	mutex_lock(&lock);
	n = who == keyboard ? ring_held(&keys) : 0;
	mutex_unlock(&lock);
	return n;
}

size_t terminal_read(enum keyboard who, void *buf, size_t n)
{
	uint8_t *p = buf;
	size_t done = 0;
	bool was_full;

	mutex_lock(&lock);
	was_full = ring_held(&keys) + CHUNK > RING;
	for (; who == keyboard && done < n && ring_held(&keys); done++)
		p[done] = keys.at[keys.out++ % RING];
	mutex_unlock(&lock);
	if (was_full && done)
		terminal_kick();
	return done;
}

void terminal_kick(void)
{
	uint64_t one = 1;

	svc_write(kick, &one, sizeof(one));
}

int terminal_kick_fd(void)
{
	return kick;
}

/* One key from the user; behind ^A it is for us. */
static void take_key(struct vm *vm, uint8_t c)
{
	if (!escaped && c == ESCAPE) {
		escaped = true;
		return;
	}
	if (!escaped || c == ESCAPE)
		ring_put(&keys, c);
	else if (c == 'x')
		vm_stop(vm, VM_LEFT);
	else if (c == 'c')
		keyboard = keyboard == TO_UART ? TO_HVC : TO_UART;
	else
		vm_say("^A x leaves, ^A c: the keyboard to the other console, ^A ^A: ^A");
	escaped = false;
}

static void read_keys(struct vm *vm)
{
	uint8_t buf[CHUNK];
	long n = svc_read(keys_fd, buf, sizeof(buf));

	if (n == 0 || (n < 0 && n != -EINTR && n != -EAGAIN))
		keys_fd = -1; /* nothing comes any more; the guest goes on */
	mutex_lock(&lock);
	for (long i = 0; i < n; i++)
		take_key(vm, buf[i]);
	mutex_unlock(&lock);
}

/* Only this thread takes from the ring, so what was copied out of it is still there afterwards. */
static void write_text(void)
{
	uint8_t buf[CHUNK];
	uint32_t n = 0;
	long done;

	mutex_lock(&lock);
	for (; n < CHUNK && n < ring_held(&text); n++)
		buf[n] = text.at[(text.out + n) % RING];
	mutex_unlock(&lock);
	done = svc_write(1, buf, n);
	if (done == -EINTR || done == -EAGAIN)
		return;
	mutex_lock(&lock);
	text.out += done < 0 ? n : (uint32_t)done; /* nobody hears it any more: it is lost */
	lingers = !ring_held(&text);
	mutex_unlock(&lock);
}

/*
 * Wait for something to do, at most @ms if not negative: was there?  A UART sends byte by byte: who
 * has sent one is left alone a while, and does not have to wake this thread for each.
 */
static bool move(struct vm *vm, int ms)
{
	struct timespec limit = { 0, LINGER_MS * 1000000 };
	struct pollfd p[] = { { kick, POLLIN, 0 }, { -1, POLLIN, 0 }, { -1, POLLOUT, 0 } };
	bool lingered = lingers;
	uint64_t kicks;
	long n;

	if (!lingers)
		limit = (struct timespec){ ms / 1000, 0 };
	mutex_lock(&lock);
	if (ring_held(&keys) + CHUNK <= RING)
		p[1].fd = keys_fd;
	if (!lingers && ring_held(&text))
		p[2].fd = 1;
	mutex_unlock(&lock);
	n = svc_ppoll(p, 3, !lingers && ms < 0 ? NULL : &limit, NULL, 0);
	mutex_lock(&lock);
	lingers = lingers && n > 0;
	mutex_unlock(&lock);
	if (n > 0 && p[0].revents)
		svc_read(kick, &kicks, sizeof(kicks));
	if (n > 0 && p[1].revents)
		read_keys(vm);
	if (n > 0 && p[2].revents)
		write_text();
	return n > 0 || lingered;
}

void terminal_serve(struct vm *vm)
{
	while (__atomic_load_n(&vm->end, __ATOMIC_ACQUIRE) == VM_RUNS) {
		move(vm, -1);
		pl011_poke();
		console_poke();
	}
	while (terminal_room() < RING && move(vm, LAST_MS))
		;
}
