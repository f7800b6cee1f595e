/*
 * pl011.c - the UART (Arm DDI 0183): what it receives are the terminal's keys, what it sends is the
 * terminal's text.
 *
 * Its FIFOs are the terminal's rings, which are longer: the guest is told "full" by what a real one
 * holds.  The line is level: it is up while an interrupt is raw and not masked.
 */
#include "el0/lib/string.h"
#include "el0/vm/vm.h"

/* clang-format off */
#define REGISTERS(R)                                                                          \
	R(DR, 0x00) R(RSR, 0x04) R(FR, 0x18) R(ILPR, 0x20) R(IBRD, 0x24) R(FBRD, 0x28)        \
	R(LCR_H, 0x2c) R(CR, 0x30) R(IFLS, 0x34) R(IMSC, 0x38) R(RIS, 0x3c) R(MIS, 0x40)      \
	R(ICR, 0x44) R(DMACR, 0x48) R(ID, 0xfe0)
/* clang-format on */

enum { REGISTERS(MMIO_AT) };
static const struct mmio_reg regs[] = { REGISTERS(MMIO_NAME){ ~0u, "" } };

#define FR_RXFE	   0x10u
#define FR_TXFF	   0x20u
#define FR_RXFF	   0x40u
#define FR_TXFE	   0x80u
#define INT_RX	   0x50u /* enough received, or something for a while */
#define INT_TX	   0x20u
#define FIFO	   16
#define CR_RESET   0x300u
#define IFLS_RESET 0x12u

static struct mutex lock; /* of all below */
static struct vm *vm;
static uint32_t stored[DMACR / 4 + 1]; /* what has no effect but that it is read back */
static uint32_t *const mask = &stored[IMSC / 4];
static uint32_t raw; /* RIS, but for what follows from the keys */
static bool line, was_full;
static bool shut; /* the guest serves interrupts, and masks those of keys: it wants none now */

/* As many keys as the guest may see: Linux throws away what it finds when it opens the device. */
static size_t keys_there(void)
{
	return shut ? 0 : terminal_keys(TO_UART);
}

static uint32_t raw_now(void)
{
	return raw | (keys_there() ? INT_RX : 0);
}

static void set_line(void)
{
	bool level = (raw_now() & *mask) != 0;

	if (level != line)
		vm_irq(vm, VM_SPI_UART, level);
	line = level;
}

/* A guest that sends though it is full loses it, as on the real one. */
static void send(uint8_t c)
{
	terminal_write(&c, 1);
	was_full = !terminal_room();
	raw = was_full ? raw & ~INT_TX : raw | INT_TX;
}

static uint32_t read_reg(uint32_t at)
{
	size_t keys = keys_there();
	uint8_t c = 0;

	switch (at) {
	case DR:
		if (keys)
			terminal_read(TO_UART, &c, 1);
		return c;
	case FR:
		was_full |= !terminal_room();
		return (keys ? 0 : FR_RXFE) | (keys >= FIFO ? FR_RXFF : 0) |
		       (was_full ? FR_TXFF : FR_TXFE);
	case RIS: return raw_now();
	case MIS: return raw_now() & *mask;
	}
	return at < sizeof(stored) ? stored[at / 4] : 0;
}

static uint64_t pl011_read(struct mmio *m, uint32_t at, unsigned int n)
{
	uint32_t value;

	(void)m, (void)n;
	mutex_lock(&lock);
	value = read_reg(at & ~3u);
	set_line();
	mutex_unlock(&lock);
	return value;
}

static void pl011_write(struct mmio *m, uint32_t at, unsigned int n, uint64_t value)
{
	(void)m, (void)n;
	mutex_lock(&lock);
	if (at == DR)
		send((uint8_t)value);
	else if (at == ICR)
		raw &= ~(uint32_t)value;
	else if (at >= ILPR && at < sizeof(stored) && at != RIS && at != MIS)
		stored[at / 4] = value & 0xffff;
	if (at == IMSC)
		shut = !(value & INT_RX);
	set_line();
	mutex_unlock(&lock);
}

void pl011_poke(void)
{
	mutex_lock(&lock);
	if (was_full && terminal_room()) {
		was_full = false;
		raw |= INT_TX;
	}
	set_line();
	mutex_unlock(&lock);
}

void pl011_start(struct vm *of)
{
	static struct mmio pl011 = { "pl011",	 VM_UART,     0xb105f00d00141011,
				     pl011_read, pl011_write, regs };

	vm = of;
	vm->mmio[vm->nr_mmio++] = &pl011;
	raw = 0;
	line = was_full = shut = false;
	memset(stored, 0, sizeof(stored));
	stored[CR / 4] = CR_RESET;
	stored[IFLS / 4] = IFLS_RESET;
}
