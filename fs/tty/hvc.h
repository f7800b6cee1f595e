/*
 * hvc.h - the terminal on virtio's console, /dev/hvc0.
 */
#pragma once

/* hvc_init - if there is such a device.  Boot core, after the drivers' probe. */
void hvc_init(void);
