/*
 * mailbox.c - the property channel to the Raspberry Pi's firmware.
 *
 * A question is a buffer in memory whose bus address goes into mailbox 1; the firmware writes the
 * answer into the buffer and puts the same word into mailbox 0.  Invariants: the buffer is the
 * firmware's from the write of mailbox 1 until its word has come back, and if that never comes, for
 * ever (`dead`): a late answer finds nothing that is used for something else.  Nothing in the
 * buffer is believed before it is checked, and it is read once.
 */
#include "drivers/bcm2711/mailbox.h"

#include "abi/errno.h"
#include "arm/bcm2711_mailbox.h"
#include "arm/cache.h"
#include "arm/counter.h"
#include "arm/mmio.h"
#include "arm/spinlock.h"
#include "drivers/device.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/kmap.h"

#define CHANNEL_MASK 0xfu

/*
 * The mailboxes hold 8 words each.  More than a few times that, and what is read is no mailbox.
 */
#define STALE_MAX    64

#define VALUE_WORDS  2 /* no tag here has more */

/* One tag alone, and nothing else in its cache lines.  Sizes and lengths are in bytes. */
struct property {
	uint32_t size;
	uint32_t code;
	uint32_t tag;
	uint32_t value_size;
	uint32_t value_code;
	uint32_t value[VALUE_WORDS + 1]; /* and PROPERTY_END */
	uint32_t unused[8];
};

_Static_assert(sizeof(struct property) == 64, "one cache line of a Cortex-A72");

static volatile struct property property __attribute__((aligned(64)));

/* Of the buffer, of the registers, and of `dead`. */
static struct spinlock mailbox_lock;
static struct {
	volatile struct mailbox_regs *regs; /* NULL: there is none */
	uint32_t message;		    /* the buffer's bus address, and the channel */
	bool dead;
} mailbox;

static bool answer_is_late(uint64_t start)
{
	/* Not by the scales: timer_init comes later. */
	if (counter_read() - start > counter_hz() / 1000 * MAILBOX_PATIENCE_MS)
		return true;
	cpu_relax();
	return false;
}

/* What is left of others' questions: a boot loader's, that did not wait for its answer. */
static int drain(void)
{
	for (int i = 0; i < STALE_MAX; i++) {
		if (mmio_read32(&mailbox.regs->status0) & MAILBOX_EMPTY)
			return 0;
		(void)mmio_read32(&mailbox.regs->read);
	}
	return -ETIMEDOUT;
}

static int exchange(void)
{
	uint64_t start = counter_read();
	int err = drain();

	while (!err && mmio_read32(&mailbox.regs->status1) & MAILBOX_FULL)
		if (answer_is_late(start))
			return -ETIMEDOUT;
	if (err)
		return err;
	mmio_write32(&mailbox.regs->write, mailbox.message);
	for (;;) {
		/* Another word than ours is the answer to nothing that is still asked. */
		if (!(mmio_read32(&mailbox.regs->status0) & MAILBOX_EMPTY) &&
		    mmio_read32(&mailbox.regs->read) == mailbox.message)
			return 0;
		if (answer_is_late(start))
			return -ETIMEDOUT;
	}
}

/* The question, for the firmware to see: in memory, and in no cache. */
static void write_question(uint32_t tag, const uint32_t *value, size_t words)
{
	property.size = (uint32_t)(offsetof(struct property, value) + (words + 1) * 4);
	property.code = PROPERTY_REQUEST;
	property.tag = tag;
	property.value_size = (uint32_t)words * 4;
	property.value_code = 0;
	for (size_t i = 0; i < words; i++)
		property.value[i] = value[i];
	property.value[words] = PROPERTY_END;
	dcache_clean_invalidate(&property, sizeof(property));
}

static int read_answer(uint32_t tag, uint32_t *value, size_t bytes)
{
	uint32_t code;

	/* A line may have come into the cache by speculation while the firmware wrote. */
	dcache_clean_invalidate(&property, sizeof(property));
	if (property.code != PROPERTY_SUCCESS || property.tag != tag)
		return -EIO;
	code = property.value_code;
	/* A firmware that does not know the tag leaves it as it was, or answers with no bytes. */
	if (!(code & PROPERTY_ANSWERED) || code == PROPERTY_ANSWERED)
		return -ENOENT;
	/* With fewer bytes than the tag has, the rest would be what we asked with. */
	if ((code & ~PROPERTY_ANSWERED) < bytes)
		return -EIO;
	for (size_t i = 0; i < DIV_ROUND_UP(bytes, 4); i++)
		value[i] = property.value[i];
	return 0;
}

static int ask_locked(uint32_t tag, uint32_t *value, size_t bytes)
{
	int err;

	spin_assert_held(&mailbox_lock);
	if (!mailbox.regs || mailbox.dead)
		return -ENODEV;
	write_question(tag, value, DIV_ROUND_UP(bytes, 4));
	err = exchange();
	if (!err)
		return read_answer(tag, value, bytes);
	mailbox.dead = true;
	return err;
}

/* @value: what is asked, and then the answer, of @bytes. */
static int ask(uint32_t tag, uint32_t value[VALUE_WORDS], size_t bytes)
{
	int err;

	spin_lock(&mailbox_lock);
	err = ask_locked(tag, value, bytes);
	spin_unlock(&mailbox_lock);
	if (err == -ETIMEDOUT)
		pr_warn("mailbox: no answer to tag %#x: the firmware is not asked again\n", tag);
	return err;
}

/* ---- the tags ---- */

static int ask_u32(uint32_t tag, uint32_t *answer)
{
	uint32_t v[VALUE_WORDS] = { 0 };
	int err = ask(tag, v, sizeof(v[0]));

	if (!err)
		*answer = v[0];
	return err;
}

/* A question about one of several things, whose number comes back with the answer. */
static int ask_about(uint32_t tag, uint32_t id, uint32_t *answer)
{
	uint32_t v[VALUE_WORDS] = { id };
	int err = ask(tag, v, sizeof(v));

	if (err)
		return err;
	if (v[0] != id)
		return -EIO;
	*answer = v[1];
	return 0;
}

static int ask_memory(uint32_t tag, struct mailbox_memory *m)
{
	uint32_t v[VALUE_WORDS] = { 0 };
	int err = ask(tag, v, sizeof(v));

	if (!err)
		*m = (struct mailbox_memory){ v[0], v[1] };
	return err;
}

int mailbox_firmware_revision(uint32_t *when)
{
	return ask_u32(0x00000001, when);
}

int mailbox_board_revision(uint32_t *code)
{
	return ask_u32(0x00010002, code);
}

int mailbox_board_serial(uint64_t *serial)
{
	uint32_t v[VALUE_WORDS] = { 0 };
	int err = ask(0x00010004, v, sizeof(v));

	if (!err)
		*serial = (uint64_t)v[1] << 32 | v[0];
	return err;
}

int mailbox_arm_memory(struct mailbox_memory *m)
{
	return ask_memory(0x00010005, m);
}

int mailbox_vc_memory(struct mailbox_memory *m)
{
	return ask_memory(0x00010006, m);
}

int mailbox_clock_on(enum mailbox_clock id)
{
	uint32_t v[VALUE_WORDS] = { id, PROPERTY_CLOCK_ON };
	int err = ask(PROPERTY_SET_CLOCK, v, 2 * sizeof(v[0]));

	if (err)
		return err;
	if (v[0] != id)
		return -EIO;
	return (v[1] & (PROPERTY_CLOCK_ON | PROPERTY_CLOCK_MISSING)) == PROPERTY_CLOCK_ON ? 0
											  : -ENOENT;
}

int mailbox_clock_rate(enum mailbox_clock id, uint32_t *hz)
{
	return ask_about(PROPERTY_GET_CLOCK_RATE, id, hz);
}

int mailbox_temperature(uint32_t *millidegrees)
{
	return ask_about(0x00030006, 0, millidegrees);
}

int mailbox_max_temperature(uint32_t *millidegrees)
{
	return ask_about(0x0003000a, 0, millidegrees);
}

int mailbox_throttled(uint32_t *bits)
{
	return ask_u32(0x00030046, bits);
}

/* ---- finding it ---- */

/* The mailbox that the firmware listens at, by the tree; or -ENODEV. */
static int find_mailbox(const struct fdt *fdt)
{
	int node = -1, mbox;
	uint32_t phandle;

	do
		node = fdt_find_compatible(fdt, node, "raspberrypi,bcm2835-firmware");
	while (node >= 0 && !fdt_enabled(fdt, node));
	if (node < 0 || fdt_cell(fdt, node, "mboxes", 0, &phandle))
		return -ENODEV;
	mbox = fdt_find_phandle(fdt, phandle);
	if (mbox < 0 || !fdt_is_compatible(fdt, mbox, "brcm,bcm2835-mbox") ||
	    !fdt_enabled(fdt, mbox))
		return -ENODEV;
	return mbox;
}

/* Where the firmware finds the buffer, in the 28 bits that a message has for it. */
static int find_bus_address(const struct fdt *fdt, int mbox, uint32_t *bus)
{
	uint64_t pa = paddr_value(kmap_to_phys((const void *)&property)), addr;
	int err = fdt_dma_address(fdt, mbox, pa, sizeof(property), &addr);

	if (err == -ENOENT && pa < VC_REACH) {
		addr = VC_UNCACHED | pa;
		err = 0;
	}
	if (err || addr > UINT32_MAX || addr & CHANNEL_MASK)
		return -ENXIO;
	*bus = (uint32_t)addr;
	return 0;
}

void mailbox_init(const struct fdt *fdt)
{
	struct fdt_range range;
	int mbox = find_mailbox(fdt);
	uint32_t bus;

	if (mbox < 0)
		return;
	if (fdt_reg(fdt, mbox, 0, &range) || range.size < sizeof(*mailbox.regs) ||
	    !IS_ALIGNED(range.addr, 4)) {
		pr_warn("mailbox: %s has no registers\n", fdt_name(fdt, mbox));
		return;
	}
	if (find_bus_address(fdt, mbox, &bus)) {
		pr_warn("mailbox: the firmware cannot reach the kernel's memory: it is not "
			"asked\n");
		return;
	}
	mailbox.message = bus | MAILBOX_PROPERTY;
	mailbox.regs = ioremap(paddr_of(range.addr), range.size);
}
