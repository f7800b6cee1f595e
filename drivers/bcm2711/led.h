/*
 * led.h - the Raspberry Pi 4's green light (ACT): on while the kernel runs.
 *
 * It is lit when the first program starts and dark when the machine has halted, that is, when its
 * power may be taken away; a boot that no UART tells of blinks before that, and a panic flutters
 * (arm/rawled.h).  There is no heartbeat: it would wake idle cores for nothing but itself.
 */
#pragma once

#include <stdbool.h>

struct rawled;

/*
 * led_init - the light that start/ has found in the tree (@found->gpio 0: none).  Boot core, once.
 */
void led_init(const struct rawled *found);

/* led_set - on or off; without a light nothing.  Any context. */
void led_set(bool on);
