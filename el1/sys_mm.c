/*
 * sys_mm.c - mmap(2) and its family: types the arguments and hands them to mm/mmap.c.
 */
#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/resource.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "mm/vm.h"
#include "task/sched.h"
#include "task/task.h"

#define MAP_KNOWN                                                                                \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |    \
	 MAP_FIXED_NOREPLACE) /* not MAP_SYNC: no file lies in memory that lasts */

static bool over_limit(const struct mm *mm, uint64_t len)
{
	uint64_t limit = current->process->rlimit[RLIMIT_AS].cur;

	return len > limit || (READ_ONCE(mm->total_vm) << PAGE_SHIFT) > limit - len;
}

/* Whether @len more bytes of private memory that can be written are more than RLIMIT_DATA. */
static bool over_data_limit(struct mm *mm, uint64_t len)
{
	uint64_t limit = current->process->rlimit[RLIMIT_DATA].cur;
	struct mm_stat st;

	if (limit == RLIM64_INFINITY)
		return false;
	mm_stat(mm, &st);
	return len > limit || (st.data << PAGE_SHIFT) > limit - len;
}

SYS(brk)
{
	uintptr_t brk = a0;
	struct mm *mm = current->mm;

	if (brk > mm->brk && (over_limit(mm, brk - mm->brk) || over_data_limit(mm, brk - mm->brk)))
		return (long)mm->brk;
	return (long)mm_brk(mm, brk);
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
	if (shared && (f->mode & FILE_WRITE))
		*flags |= VM_MAYWRITE;
	if (f->path.mnt && f->path.mnt->flags & MNT_NOEXEC)
		*flags |= VM_NEVEREXEC;
	return o;
}

/* MAP_POPULATE: as far as it goes; what fails here fails again, and is told, when it is touched. */
static void populate(uintptr_t addr, uint64_t len, uint32_t flags)
{
	enum vm_access access = flags & VM_WRITE ? ACCESS_WRITE : ACCESS_READ;

	for (uintptr_t va = addr; va < addr + len && !signal_pending_fatal(); va += PAGE_SIZE) {
		if (mm_fault(current->mm, va, access) != FAULT_OK)
			break;
		sched_point();
	}
}

/* What kind of mapping: MAP_SHARED or MAP_PRIVATE, or -errno. */
static int map_type(uint32_t how)
{
	switch (how & MAP_TYPE) {
	case MAP_SHARED_VALIDATE: return how & ~(uint32_t)MAP_KNOWN ? -EOPNOTSUPP : MAP_SHARED;
	case MAP_SHARED: return MAP_SHARED;
	case MAP_PRIVATE: return MAP_PRIVATE;
	default: return -EINVAL;
	}
}

/* Maps @o (its reference is the caller's), or anonymous memory; and populates it where that was asked for. */
static long map(uint64_t addr, uint64_t len, uint32_t flags, uint32_t how,
		const struct vm_source *from)
{
	long r = mm_map(current->mm, addr, len, flags, how, from->object ? from : NULL);

	if (r > 0 && how & (MAP_POPULATE | MAP_LOCKED))
		populate((uintptr_t)r, len, flags);
	return r;
}

static long map_file(uint64_t addr, uint64_t len, uint32_t prot, uint32_t how, int fd,
		     uint64_t offset)
{
	uint32_t type = (uint32_t)map_type(how), flags = prot & VM_PROT;
	struct fd_ref r = fd_get(fd);
	struct vm_source from = { .offset = offset };
	long at;

	if (!r.file)
		return -EBADF;
	from.object = map_object(r.file, offset, len, type, prot, &flags);
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
	uint32_t flags = prot & VM_PROT;
	struct vm_source from = { .object = NULL };
	long at;

	if (how & MAP_HUGETLB)
		return -EINVAL; /* there is no pool of huge pages */
	if (map_type(how) == MAP_SHARED) {
		from.object = object_anon(ALIGN_UP(len, PAGE_SIZE));
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

SYS(mmap)
{
	uint64_t addr = a0, len = a1, offset = a5;
	uint32_t prot = (uint32_t)a2, how = (uint32_t)a3;
	int type = map_type(how);

	if (!IS_ALIGNED(offset, PAGE_SIZE) || !len)
		return -EINVAL;
	if (type < 0)
		return type;
	if (len > USER_TOP || over_limit(current->mm, len))
		return -ENOMEM;
	if (type == MAP_PRIVATE && prot & PROT_WRITE && !(how & MAP_GROWSDOWN) &&
	    over_data_limit(current->mm, len))
		return -ENOMEM;
	if (how & MAP_ANONYMOUS)
		return map_anonymous(addr, len, prot, how);
	return map_file(addr, len, prot, how, (int)a4, offset);
}

SYS(munmap)
{
	return mm_unmap(current->mm, a0, a1);
}

SYS(mprotect)
{
	uint64_t prot = a2;

	if (!IS_ALIGNED(a0, PAGE_SIZE) || (prot & ~(uint64_t)(VM_PROT | PROT_GROWSDOWN)))
		return -EINVAL;
	return mm_protect(current->mm, a0, a1, prot & VM_PROT);
}

SYS(mremap)
{
	if (a2 > a1 && over_limit(current->mm, a2 - a1))
		return -ENOMEM;
	return mm_remap(current->mm, a0, a1, a2, (uint32_t)a3, a4);
}

SYS(madvise)
{
	return mm_advise(current->mm, a0, a1, (int)a2);
}
