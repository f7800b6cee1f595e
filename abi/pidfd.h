/*
 * pidfd.h - flags of pidfd_open(2) and pidfd_send_signal(2).
 */
#pragma once

#define PIDFD_NONBLOCK		   00004000

#define PIDFD_SIGNAL_THREAD	   (1 << 0)
#define PIDFD_SIGNAL_THREAD_GROUP  (1 << 1)
#define PIDFD_SIGNAL_PROCESS_GROUP (1 << 2)
