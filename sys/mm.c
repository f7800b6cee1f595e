/*
 * mm.c - mmap(2) and its family: types the arguments and hands them to mm/mmap.c.
 */
#include "abi/errno.h"
#include "abi/memfd.h"
#include "abi/mman.h"
#include "abi/resource.h"
#include "fs/anon/memfd.h"
#include "fs/fdtable.h"
#include "lib/string.h"
#include "mm/advise.h"
#include "mm/fault.h"
#include "mm/giveway.h"
#include "mm/mmap.h"
#include "mm/vm.h"
#include "mm/vmstat.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/membarrier.h"
#include "task/process.h"
#include "task/task.h"
#include "task/wait.h"

#define MAP_KNOWN                                                                                \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |    \
	 MAP_FIXED_NOREPLACE) /* not MAP_SYNC: no file lies in memory that lasts */

/* current's address space, which knows the limits of its process from now on. */
static struct mm *limited_mm(void)
{
	const struct rlimit *r = current->process->rlimit;
	struct mm *mm = current->mm;

	WRITE_ONCE(mm->limits.total, READ_ONCE(r[RLIMIT_AS].cur));
	WRITE_ONCE(mm->limits.data, READ_ONCE(r[RLIMIT_DATA].cur));
	WRITE_ONCE(mm->limits.locked,
		   capable(CAP_IPC_LOCK) ? UINT64_MAX : READ_ONCE(r[RLIMIT_MEMLOCK].cur));
	return mm;
}

/* ---- bringing in ---- */

/* [at, end) in one VMA.  0, or why it ended: -EFAULT, -ENOMEM, -EINTR. */
static int populate(uintptr_t at, uintptr_t end, enum vm_access access)
{
	while (at < end) {
		enum fault_result r = mm_populate(current->mm, &at, end, access);

		if (r != FAULT_OK)
			return r == FAULT_NOMEM ? -ENOMEM : -EFAULT;
		if (give_way())
			return -EINTR;
	}
	return 0;
}

static enum vm_access usual_access(uint32_t flags)
{
	if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		return ACCESS_WRITE;
	return flags & (VM_READ | VM_WRITE) ? ACCESS_READ : ACCESS_EXEC;
}

/*
 * All that is mapped in [at, end); @locked: only what is locked and not left to be locked when
 * touched.
 */
static int populate_range(uintptr_t at, uintptr_t end, bool locked)
{
	struct vma_info v;
	int err = 0;

	for (; !err && at < end && mm_next_vma(current->mm, at, 0, &v) && v.start < end;
	     at = v.end) {
		if (!locked || (v.flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED)
			err = populate(max(at, v.start), min(end, v.end), usual_access(v.flags));
		if (!err)
			err = give_way();
	}
	return err;
}

/*
 * What was mapped just now is brought in as MAP_POPULATE, MAP_LOCKED or mlockall() want it: as far
 * as that goes.
 */
static void populate_new(uintptr_t at, uint64_t len, uint32_t how)
{
	bool asked = (how & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	int err = 0;

	if (asked || how & MAP_LOCKED || READ_ONCE(current->mm->lock_future))
		err = populate_range(at, at + ALIGN_UP(len, PAGE_SIZE), !asked);
	(void)err;
}

long sys_brk(uint64_t end)
{
	struct mm *mm = limited_mm();
	uintptr_t old = READ_ONCE(mm->brk), now = mm_brk(mm, end);

	if (now > old)
		populate_new(ALIGN_UP(old, PAGE_SIZE), now - old, 0);
	return (long)now;
}

/* The object of a file mapping, with a reference; NULL: anonymous.  Permissions as mmap(2) says. */
static struct vm_object *map_object(struct file *f, uint64_t offset, uint64_t len, uint32_t type,
				    uint32_t prot, uint32_t *flags)
{
	bool shared = type == MAP_SHARED;
	struct vm_object *o;

	if (!f)
		return err_ptr(-EBADF);
	if (prot & PROT_EXEC && f->path.mnt && f->path.mnt->flags & MNT_NOEXEC)
		o = err_ptr(-EPERM);
	else if (!(f->mode & FILE_READ) ||
		 (shared && (prot & PROT_WRITE) && !(f->mode & FILE_WRITE)))
		o = err_ptr(-EACCES);
	else if (offset > INT64_MAX - len) /* no file reaches there; len <= USER_TOP */
		o = err_ptr(-EOVERFLOW);
	else
		o = file_mmap_object(f, len, shared);
	if (!is_err(o) && o && shared && prot & PROT_WRITE && READ_ONCE(o->sealed)) {
		object_put(o);
		o = err_ptr(-EPERM);
	}
	if (shared && (f->mode & FILE_WRITE))
		*flags |= VM_MAYWRITE;
	if (f->path.mnt && f->path.mnt->flags & MNT_NOEXEC)
		*flags |= VM_NEVEREXEC;
	return o;
}

/* The type of mapping, MAP_SHARED or MAP_PRIVATE; or what is wrong with it. */
static int check_map(uint64_t len, uint32_t how)
{
	if (!len)
		return -EINVAL;
	if (len > USER_TOP)
		return -ENOMEM;
	switch (how & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (how & MAP_ANONYMOUS) /* only files have what could be validated */
			return -EINVAL;
		return how & ~(uint32_t)MAP_KNOWN ? -EOPNOTSUPP : MAP_SHARED;
	case MAP_SHARED: return MAP_SHARED;
	case MAP_PRIVATE: return MAP_PRIVATE;
	default: return -EINVAL;
	}
}

/*
 * Maps @from's object (its reference is the caller's), or anonymous memory; and populates it where
 * that was asked for.
 */
static long map(uint64_t addr, uint64_t len, uint32_t flags, uint32_t how,
		const struct vm_source *from)
{
	struct mm *mm = limited_mm();
	long r;

	if (how & MAP_LOCKED)
		flags |= VM_LOCKED;
	if (how & MAP_NORESERVE)
		flags |= VM_NORESERVE;
	if (flags & VM_LOCKED && !mm->limits.locked)
		return -EPERM;
	r = mm_map(mm, addr, len, flags, how, from->object ? from : NULL);
	if (r > 0)
		populate_new((uintptr_t)r, len, how);
	return r;
}

static long map_file(uint64_t addr, uint64_t len, uint32_t prot, uint32_t how, int fd,
		     uint64_t offset)
{
	int type = check_map(len, how);
	uint32_t flags = prot & VM_PROT;
	struct fd_ref r = fd_get(fd);
	struct vm_source from = { .offset = offset };
	long at;

	if (!r.file)
		return -EBADF;
	if (how & MAP_HUGETLB && type >= 0)
		type = -EINVAL; /* no file has huge pages */
	from.object = type < 0 ? err_ptr(type)
			       : map_object(r.file, offset, len, (uint32_t)type, prot, &flags);
	if (is_err(from.object)) {
		at = ptr_err(from.object);
	} else {
		from.file = &r.file->held;
		if (from.object && type == MAP_SHARED)
			flags |= VM_SHARED;
		at = map(addr, len, flags, how, &from);
		if (from.object)
			object_put(from.object); /* the mapping has its own reference */
	}
	fd_put(r);
	return at;
}

static long map_anonymous(uint64_t addr, uint64_t len, uint32_t prot, uint32_t how)
{
	int type = check_map(len, how);
	uint32_t flags = prot & VM_PROT;
	struct vm_source from = { .object = NULL };
	long at;

	if (type < 0)
		return type;
	if (how & MAP_HUGETLB)
		return -EINVAL; /* there is no pool of huge pages */
	if (type == MAP_SHARED) {
		if (how & MAP_GROWSDOWN)
			return -EINVAL;
		if (!(how & MAP_NORESERVE) && len >> PAGE_SHIFT > page_total_count())
			return -ENOMEM;
		from.object = object_anon(ALIGN_UP(len, PAGE_SIZE), current->process->charge);
		if (!from.object)
			return -ENOMEM;
		flags |= VM_SHARED | VM_MAYWRITE;
	} else if (how & MAP_GROWSDOWN) {
		flags |= VM_GROWSDOWN;
	}
	at = map(addr, len, flags, how, &from);
	if (from.object)
		object_put(from.object);
	return at;
}

long sys_mmap(uint64_t addr, uint64_t len, uint32_t prot, uint32_t how, int fd, int64_t offset)
{
	if (!IS_ALIGNED((uint64_t)offset, PAGE_SIZE))
		return -EINVAL;
	if (how & MAP_ANONYMOUS)
		return map_anonymous(addr, len, prot, how);
	return map_file(addr, len, prot, how, fd, (uint64_t)offset);
}

long sys_munmap(uint64_t addr, uint64_t len)
{
	return mm_unmap(current->mm, addr, len);
}

long sys_mprotect(uint64_t addr, uint64_t len, uint64_t prot)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE) || (prot & ~(uint64_t)(VM_PROT | PROT_GROWSDOWN)))
		return -EINVAL;
	return mm_protect(limited_mm(), addr, len, prot & VM_PROT, prot & PROT_GROWSDOWN);
}

long sys_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, uint32_t flags,
		uint64_t new_addr)
{
	long r = mm_remap(limited_mm(), addr, old_len, new_len, flags, new_addr);
	int err = r > 0 && new_len > old_len
			  ? populate_range((uintptr_t)r, (uintptr_t)r + new_len, true)
			  : 0;

	(void)err; /* it is mapped all the same */
	return r;
}

/* MADV_POPULATE_READ, MADV_POPULATE_WRITE: unlike MAP_POPULATE they say what went wrong. */
static int advise_populate(uintptr_t at, uintptr_t end, enum vm_access access)
{
	uint32_t needed = access == ACCESS_WRITE ? VM_WRITE : VM_READ;
	struct vma_info v;
	int err = 0;

	for (; !err && at < end; at = v.end) {
		if (!mm_next_vma(current->mm, at, 0, &v) || v.start > at)
			return -ENOMEM;
		err = v.flags & needed ? populate(at, min(end, v.end), access) : -EINVAL;
	}
	return err;
}

long sys_madvise(uint64_t addr, uint64_t len, int advice)
{
	/* Holes in shared memory, which has no lock of its own for them. */
	static struct mutex removing = MUTEX_INIT(removing);
	int err;

	if (advice == MADV_REMOVE && mutex_lock_killable(&removing))
		return -EINTR;
	err = mm_advise(current->mm, addr, len, advice);
	if (advice == MADV_REMOVE)
		mutex_unlock(&removing);
	if (err || (advice != MADV_POPULATE_READ && advice != MADV_POPULATE_WRITE))
		return err;
	return advise_populate(addr, addr + ALIGN_UP(len, PAGE_SIZE),
			       advice == MADV_POPULATE_WRITE ? ACCESS_WRITE : ACCESS_READ);
}

long sys_msync(uint64_t start, uint64_t len, uint32_t flags)
{
	uint64_t end = start + ALIGN_UP(len, PAGE_SIZE);

	if (flags & ~(uint32_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    !IS_ALIGNED(start, PAGE_SIZE) || (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	return mm_sync(current->mm, start, end, flags & MS_INVALIDATE);
}

/* ---- locking ---- */

/*
 * mlock(2) of the pages around [addr, addr + len); Linux tells what hinders the bringing in by
 * other numbers.
 */
static long lock(uint64_t addr, uint64_t len, uint32_t lock)
{
	uint64_t start = ALIGN_DOWN(addr, PAGE_SIZE), n = ALIGN_UP(len + (addr - start), PAGE_SIZE);
	struct mm *mm = limited_mm();
	int err;

	if (lock && !mm->limits.locked)
		return -EPERM;
	if (start + n < start)
		return -EINVAL;
	err = mm_lock(mm, start, start + n, lock);
	if (err || lock != VM_LOCKED)
		return err;
	err = populate_range(start, start + n, true);
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

long sys_mlock(uint64_t addr, uint64_t len)
{
	return lock(addr, len, VM_LOCKED);
}

long sys_mlock2(uint64_t addr, uint64_t len, uint32_t flags)
{
	if (flags & ~(uint32_t)MLOCK_ONFAULT)
		return -EINVAL;
	return lock(addr, len, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

long sys_munlock(uint64_t addr, uint64_t len)
{
	return lock(addr, len, 0);
}

long sys_mlockall(uint32_t flags)
{
	uint32_t mark = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	struct mm *mm = limited_mm();
	int err;

	if (!flags || flags & ~(uint32_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	if (!mm->limits.locked)
		return -EPERM;
	err = mm_lock_all(mm, mark, flags & MCL_FUTURE ? mark : 0, flags & MCL_CURRENT);
	if (!err && flags & MCL_CURRENT && populate_range(0, USER_TOP, true) == -EINTR)
		err = -EINTR; /* what cannot be brought in is locked once it can */
	return err;
}

long sys_munlockall(void)
{
	return mm_lock_all(current->mm, 0, 0, true);
}

long sys_mincore(uint64_t addr, uint64_t len, uptr vec_at)
{
	uint64_t n = DIV_ROUND_UP(len, PAGE_SIZE);
	uint8_t vec[256];
	int err = 0;

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (addr > USER_TOP || len > USER_TOP - addr)
		return -ENOMEM;
	if (!uaccess_ok(vec_at, n))
		return -EFAULT;
	for (uint64_t done = 0, part; !err && done < n; done += part) {
		part = min(n - done, (uint64_t)sizeof(vec));
		err = mm_resident(current->mm, addr + (done << PAGE_SHIFT), part, vec);
		if (!err && copy_to_user(uptr_add(vec_at, done), vec, part))
			err = -EFAULT;
		if (!err)
			err = give_way();
	}
	return err;
}

long sys_membarrier(int cmd, uint32_t flags, int cpu)
{
	return membarrier((uint32_t)cmd, flags);
}

/* ---- files that are memory ---- */

long sys_memfd_create(uptr name_at, uint32_t flags)
{
	static const char prefix[] = "memfd:";
	char name[sizeof(prefix) - 1 + MEMFD_NAME_MAX + 1];
	struct file *f;
	long n;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if ((flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) == (MFD_EXEC | MFD_NOEXEC_SEAL))
		return -EINVAL;
	memcpy(name, prefix, sizeof(prefix) - 1);
	n = strncpy_from_user(name + sizeof(prefix) - 1, name_at, MEMFD_NAME_MAX + 1);
	if (n < 0)
		return n;
	if (n > MEMFD_NAME_MAX)
		return -EINVAL;
	if (flags & MFD_HUGETLB)
		return -ENOSYS; /* there are no huge pages to be had */
	f = memfd_file(name, sizeof(prefix) - 1 + (size_t)n, flags);
	return is_err(f) ? ptr_err(f) : fd_add(f, flags & MFD_CLOEXEC);
}
