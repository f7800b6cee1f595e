/*
 * early_mailbox.c - which clock a UART has that nobody has set up: asked of the firmware before
 * there is a driver.
 *
 * The Raspberry Pi firmware's wiki, "Mailbox property interface" and "Accessing mailboxes"; the
 * driver is drivers/bcm2711/mailbox.c.  With the MMU off what is written here is in memory at once,
 * where the VideoCore reads it, and no cache has an older line of it: start/head.S has seen to
 * that.  The buffer is used for this alone, so that an answer that comes too late spoils nothing.
 */
#include "start/early_mailbox.h"

#include "arm/mmio.h"
#include "arm/patience.h"

#define MAILBOX_AT	 0x00b880
#define MAILBOX_READ	 0x00
#define MAILBOX_STATUS0	 0x18
#define MAILBOX_WRITE	 0x20
#define MAILBOX_STATUS1	 0x38
#define STATUS_FULL	 0x80000000u
#define STATUS_EMPTY	 0x40000000u
#define CHANNEL_PROPERTY 8u

#define VC_UNCACHED	 0xc0000000u
#define VC_REACH	 0x40000000u

#define SUCCESS		 0x80000000u
#define SET_CLOCK_STATE	 0x00038001u
#define CLOCK_ON	 0x1u
#define GET_CLOCK_RATE	 0x00030002u

/* Two questions; the second one's answer is looked for where the first one's length puts it. */
struct question {
	uint32_t size;
	uint32_t code;
	struct {
		uint32_t tag, bytes, answered, id, value;
	} state, rate;
	uint32_t end;
	uint32_t unused[3];
};

_Static_assert(sizeof(struct question) == 64, "a cache line of its own");

__attribute__((section(".early"), aligned(64))) static volatile struct question question;

static uint32_t mailbox_read(uint64_t mailbox, uint32_t reg)
{
	return mmio_read32((const volatile uint32_t *)(mailbox + reg));
}

static void ask_for_clock(uint32_t id)
{
	question.size = sizeof(question);
	question.code = 0;
	question.state.tag = SET_CLOCK_STATE;
	question.state.bytes = question.rate.bytes = 8;
	question.state.answered = question.rate.answered = 0;
	question.state.id = question.rate.id = id;
	question.state.value = CLOCK_ON;
	question.rate.tag = GET_CLOCK_RATE;
	question.rate.value = 0;
	question.end = 0;
}

/* False: no answer came in time. */
static bool exchange_words(uint64_t mailbox, uint32_t message)
{
	struct patience patience = patience_new(2, PATIENCE_POLLS);

	while (mailbox_read(mailbox, MAILBOX_STATUS1) & STATUS_FULL)
		if (patience_over(&patience))
			return false;
	dsb(sy);
	mmio_write32((volatile uint32_t *)(mailbox + MAILBOX_WRITE), message);
	for (;;) {
		if (!(mailbox_read(mailbox, MAILBOX_STATUS0) & STATUS_EMPTY) &&
		    mailbox_read(mailbox, MAILBOX_READ) == message)
			break;
		if (patience_over(&patience))
			return false;
	}
	dsb(sy);
	return true;
}

uint32_t early_clock_hz(uint64_t peripherals, uint32_t id)
{
	uint64_t at = (uint64_t)&question;

	if (at >= VC_REACH)
		return 0;
	ask_for_clock(id);
	if (!exchange_words(peripherals + MAILBOX_AT,
			    (uint32_t)at | VC_UNCACHED | CHANNEL_PROPERTY))
		return 0;
	if (question.code != SUCCESS || !(question.rate.answered & SUCCESS) ||
	    question.rate.id != id)
		return 0;
	return question.rate.value;
}
