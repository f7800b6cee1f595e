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

#include "arm/bcm2711_mailbox.h"
#include "arm/mmio.h"
#include "arm/patience.h"

#define MAILBOX_AT 0x00b880

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

static void ask_for_clock(uint32_t id)
{
	question.size = sizeof(question);
	question.code = PROPERTY_REQUEST;
	question.state.tag = PROPERTY_SET_CLOCK;
	question.state.bytes = question.rate.bytes = 8;
	question.state.answered = question.rate.answered = 0;
	question.state.id = question.rate.id = id;
	question.state.value = PROPERTY_CLOCK_ON;
	question.rate.tag = PROPERTY_GET_CLOCK_RATE;
	question.rate.value = 0;
	question.end = PROPERTY_END;
}

/* False: no answer came in time. */
static bool exchange_words(volatile struct mailbox_regs *mailbox, uint32_t message)
{
	struct patience patience = patience_new(2, PATIENCE_POLLS);

	while (mmio_read32(&mailbox->status1) & MAILBOX_FULL)
		if (patience_over(&patience))
			return false;
	dsb(sy);
	mmio_write32(&mailbox->write, message);
	for (;;) {
		if (!(mmio_read32(&mailbox->status0) & MAILBOX_EMPTY) &&
		    mmio_read32(&mailbox->read) == message)
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
	if (!exchange_words((volatile struct mailbox_regs *)(peripherals + MAILBOX_AT),
			    (uint32_t)at | VC_UNCACHED | MAILBOX_PROPERTY))
		return 0;
	if (question.code != PROPERTY_SUCCESS || !(question.rate.answered & PROPERTY_ANSWERED) ||
	    question.rate.id != id)
		return 0;
	return question.rate.value;
}
