/*
 * rng200.c - the Raspberry Pi 4's random number generator, as one more seed (fs/random.c).
 *
 * No public document describes it: the registers are those that Linux's iproc-rng200 driver names.
 * Invariant: what it gives is a seed among others and is only ever mixed in; so a device that lies
 * makes nothing worse, and one that is seen to be broken is not counted as a seed.
 */
#include "drivers/bcm2711/rng200.h"

#include "abi/errno.h"
#include "arm/counter.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "log/printk.h"

struct rng200 {
	uint32_t ctrl;
	uint32_t rng_reset;
	uint32_t rbg_reset;
	uint32_t bits;
	uint32_t bits_threshold;
	uint32_t reserved;
	uint32_t status;
	uint32_t irq_enable;
	uint32_t fifo_data;
	uint32_t fifo_count;
};

_Static_assert(offsetof(struct rng200, status) == 0x18, "RNG_INT_STATUS");
_Static_assert(offsetof(struct rng200, fifo_count) == 0x24, "RNG_FIFO_COUNT");

#define CTRL_RBGEN_MASK	  0x1fffu
#define CTRL_RBGEN_ENABLE 0x1u
#define RESET		  0x1u
#define STATUS_LOCKOUT	  0x80000000u /* its own tests have failed: it gives no more */
#define STATUS_NIST_FAIL  0x20u
#define FIFO_COUNT_MASK	  0xffu

#define PATIENCE_SECONDS  1

static volatile struct rng200 *rng;

static void set_running(bool on)
{
	mmio_write32(&rng->ctrl,
		     (mmio_read32(&rng->ctrl) & ~CTRL_RBGEN_MASK) | (on ? CTRL_RBGEN_ENABLE : 0));
}

/* Linux's order: the generator is reset inside the reset of its consumer. */
static void restart(void)
{
	set_running(false);
	mmio_write32(&rng->status, UINT32_MAX);
	mmio_set32(&rng->rbg_reset, RESET);
	mmio_set32(&rng->rng_reset, RESET);
	mmio_clear32(&rng->rng_reset, RESET);
	mmio_clear32(&rng->rbg_reset, RESET);
	set_running(true);
}

static bool has_failed(void)
{
	return mmio_read32(&rng->status) & (STATUS_LOCKOUT | STATUS_NIST_FAIL);
}

/* NULL, or what is wrong. */
static const char *read_word(uint32_t *word)
{
	uint64_t start = counter_read();

	while (!(mmio_read32(&rng->fifo_count) & FIFO_COUNT_MASK)) {
		if (has_failed())
			return "fails its own tests";
		if (counter_read() - start > counter_hz() * PATIENCE_SECONDS)
			return "gives nothing";
		cpu_relax();
	}
	*word = mmio_read32(&rng->fifo_data);
	return has_failed() ? "fails its own tests" : NULL;
}

/*
 * Two equal words in a row come by chance once in four thousand million: a source that stands still
 * (NIST SP 800-90B, 4.4.1, the repetition count test).
 */
static const char *read_words(uint32_t *words, size_t n)
{
	const char *wrong;
	uint32_t last, word;

	wrong = read_word(&last);
	for (size_t i = 0; !wrong && i < n; i++, last = word) {
		wrong = read_word(&word);
		if (wrong)
			break;
		if (word == last)
			wrong = "repeats itself";
		words[i] = word;
	}
	return wrong;
}

bool rng200_read(void *buf, size_t n)
{
	const char *wrong;

	if (!rng)
		return false;
	wrong = read_words(buf, n / 4);
	if (wrong) {
		restart();
		wrong = read_words(buf, n / 4);
	}
	if (!wrong)
		return true;
	pr_warn("rng200: the generator %s: given up\n", wrong);
	set_running(false);
	rng = NULL;
	return false;
}

static int rng200_probe(const struct fdt *fdt, int node)
{
	rng = device_ioremap(fdt, node, 0, NULL);
	if (!rng)
		return -ENOMEM;
	/* Where the firmware has set it going it goes on: a restart would lose what it has. */
	if (!(mmio_read32(&rng->ctrl) & CTRL_RBGEN_MASK))
		set_running(true);
	return 0;
}

DEVICE_DRIVER(rng200, DEVICE_NORMAL, "brcm,bcm2711-rng200", rng200_probe);
