/*
 * epoll.c - epoll_create1(2), epoll_ctl(2), epoll_pwait(2), and eventfd2(2), signalfd4(2): what
 * is waited for by descriptor.
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
	struct fd_ref epoll, target;
	long ret = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&ev, event, sizeof(ev)))
		return -EFAULT;
	epoll = fd_get(epfd);
	target = fd_get(fd);
	if (epoll.file && target.file)
		ret = epoll_control(epoll.file, op, target.file, fd, &ev);
	fd_put(target);
	fd_put(epoll);
	return ret;
}

/* epoll_pwait's arguments but for the timeout; the mask is @mask. */
static long wait_events(int fd, uptr to, int max, uint64_t deadline, uptr mask, uint64_t size)
{
	struct fd_ref r;
	uint64_t old;
	long ret = wait_begin_mask(mask, size, &old);

	if (ret)
		return ret;
	r = fd_get(fd);
	if (max <= 0 || max > (int)(INT32_MAX / sizeof(struct epoll_event)))
		ret = -EINVAL;
	else if (!uaccess_ok(to, (uint64_t)max * sizeof(struct epoll_event)))
		ret = -EFAULT;
	else if (!r.file)
		ret = -EBADF;
	else
		ret = epoll_is(r.file) ? epoll_wait(r.file, to, max, deadline) : -EINVAL;
	fd_put(r);
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
	struct fd_ref r;
	uint64_t set;
	long ret;

	if (mask_size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, mask, sizeof(set)))
		return -EFAULT;
	if (flags & ~CREATE_FLAGS)
		return -EINVAL;
	if (fd == -1)
		return signalfd_create(set, flags);
	r = fd_get(fd);
	ret = !r.file ? -EBADF : signalfd_change(r.file, set) ?: fd;
	fd_put(r);
	return ret;
}
