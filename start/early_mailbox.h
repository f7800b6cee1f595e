/*
 * early_mailbox.h - one question to the Raspberry Pi's firmware, with the MMU off.
 */
#pragma once

#include <stdint.h>

/* Of "Get clock rate": drivers/bcm2711/mailbox.h has them all. */
#define EARLY_CLOCK_UART 2
#define EARLY_CLOCK_CORE 4

/*
 * early_clock_hz - have clock @id running, and its rate; 0: the firmware did not say.
 * @peripherals: physical address at which the chip's 0x7e000000 is seen.
 */
uint32_t early_clock_hz(uint64_t peripherals, uint32_t id);
