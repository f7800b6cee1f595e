/*
 * epoll.c - epoll_create1(2), epoll_ctl(2), epoll_pwait(2), and eventfd2(2), signalfd4(2): what is
 * waited for by descriptor.
 *
 * Goes to fs/anon/. Invariant: both files are held during epoll_ctl(2), so that neither is released
 * while the item is made.
 */
#include "drivers/timer/timer.h"
#include "fs/anon/epoll.h"
#include "fs/anon/eventfd.h"
#include "fs/anon/signalfd.h"
#include "fs/fdtable.h"
#include "sys/file/poll.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"

#define EFD_SEMAPHORE 1u
#define CREATE_FLAGS  ((uint32_t)(O_CLOEXEC | O_NONBLOCK))

long sys_epoll_create1(uint32_t flags)
{
	return flags & ~(uint32_t)EPOLL_CLOEXEC ? -EINVAL : epoll_create(flags);
}

long sys_epoll_ctl(int epfd, int op, int fd, uptr event)
{
	struct epoll_event ev = { .events = 0 };

	if (op != EPOLL_CTL_DEL && copy_from_user(&ev, event, sizeof(ev)))
		return -EFAULT;
	return with_two_fds(epfd, epoll, fd, target, epoll_control(epoll, op, target, fd, &ev));
}

/* epoll_pwait's arguments but for the timeout; the mask is @mask. */
static long wait_events(int fd, uptr to, int max, uint64_t deadline, uptr mask, uint64_t size)
{
	uint64_t old;
	long ret = wait_begin_mask(mask, size, &old);

	if (ret)
		return ret;
	if (max <= 0 || max > (int)(INT32_MAX / sizeof(struct epoll_event)))
		ret = -EINVAL;
	/*
	 * For all that may be written: an event that was taken off the list must not be lost to a
	 * bad address.
	 */
	else if (!uaccess_ok(to, (uint64_t)max * sizeof(struct epoll_event)))
		ret = uaccess_refuse(to, true);
	else
		ret = with_fd(fd, f, epoll_is(f) ? epoll_wait(f, to, max, deadline) : -EINVAL);
	wait_end_mask(mask, old, ret);
	return ret;
}

long sys_epoll_pwait(int epfd, uptr events, int most, int ms, uptr mask, uint64_t mask_size)
{
	uint64_t deadline = ms < 0    ? UINT64_MAX
			    : ms == 0 ? 0
				      : timer_now_ns() + (uint64_t)ms * NS_PER_MS;

	return wait_events(epfd, events, most, deadline, mask, mask_size);
}

long sys_epoll_pwait2(int epfd, uptr events, int most, uptr timeout, uptr mask, uint64_t mask_size)
{
	uint64_t deadline;
	long err = deadline_from_user(timeout, &deadline);

	return err ? err : wait_events(epfd, events, most, deadline, mask, mask_size);
}

long sys_eventfd2(uint32_t count, uint32_t flags)
{
	if (flags & ~(CREATE_FLAGS | EFD_SEMAPHORE))
		return -EINVAL;
	return eventfd_create(count, flags & EFD_SEMAPHORE, flags & CREATE_FLAGS);
}

long sys_signalfd4(int fd, uptr mask, uint64_t mask_size, uint32_t flags)
{
	uint64_t set;

	if (mask_size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, mask, sizeof(set)))
		return -EFAULT;
	if (flags & ~CREATE_FLAGS)
		return -EINVAL;
	return fd == -1 ? signalfd_create(set, flags)
			: with_fd(fd, f, signalfd_change(f, set) ?: fd);
}
