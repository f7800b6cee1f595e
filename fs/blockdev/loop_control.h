/*
 * loop_control.h - which loop devices there are: /dev/loop-control.
 */
#pragma once

#include <stdint.h>

/* loop_init - /dev/loop-control is there; devices come when somebody asks.  Boot core. */
void loop_init(void);
/* loop_request - the loop device with @minor is made, if there can be one.  May sleep. */
void loop_request(uint32_t minor);
