/*
 * mm.c - mmap(2) and its family: types the arguments and hands them to mm/mmap.c.
 *
 * Invariant: addresses and lengths are numbers here, checked below; limit_mm() has given the
 * address space the limits of the process as they are now.
 */
#include "abi/memfd.h"
#include "abi/mman.h"
#include "fs/anon/memfd.h"
#include "fs/fdtable.h"
#include "lib/string.h"
#include "mm/advise.h"
#include "mm/mmap.h"
#include "sys/syscall.h"
#include "task/limit.h"
#include "task/membarrier.h"

long sys_brk(uint64_t end)
{
	/*
	 * limit_mm, where the call may map more: setrlimit(2) does not write into the address
	 * space.
	 */
	return (long)mm_brk(limit_mm(), end);
}

long sys_mmap(uint64_t addr, uint64_t len, uint32_t prot, uint32_t how, int fd, int64_t offset)
{
	struct fd_ref r;
	long at;

	if (!IS_ALIGNED((uint64_t)offset, PAGE_SIZE))
		return -EINVAL;
	if (how & MAP_ANONYMOUS)
		return mm_map_anonymous(limit_mm(), addr, len, prot, how, current->process->charge);
	r = fd_get(fd);
	if (!r.file)
		return -EBADF;
	at = file_mmap(r.file, limit_mm(), addr, len, prot, how, (uint64_t)offset);
	/* The mapping has its own reference to the file: the descriptor may be closed. */
	fd_put(r);
	return at;
}

long sys_munmap(uint64_t addr, uint64_t len)
{
	/* No limits: unmapping needs none. */
	return mm_unmap(current->mm, addr, len);
}

long sys_mprotect(uint64_t addr, uint64_t len, uint64_t prot)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE) || (prot & ~(uint64_t)(VM_PROT | PROT_GROWSDOWN)))
		return -EINVAL;
	return mm_protect(limit_mm(), addr, len, prot & VM_PROT, prot & PROT_GROWSDOWN);
}

long sys_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, uint32_t flags,
		uint64_t new_addr)
{
	return mm_remap(limit_mm(), addr, old_len, new_len, flags, new_addr);
}

long sys_madvise(uint64_t addr, uint64_t len, int advice)
{
	return mm_advise(current->mm, addr, len, advice);
}

long sys_msync(uint64_t start, uint64_t len, uint32_t flags)
{
	uint64_t end = start + ALIGN_UP(len, PAGE_SIZE);

	if (flags & ~(uint32_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    !IS_ALIGNED(start, PAGE_SIZE) || (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	return mm_sync(current->mm, start, end, flags);
}

/* ---- locking ---- */

long sys_mlock(uint64_t addr, uint64_t len)
{
	return mm_lock(limit_mm(), addr, len, VM_LOCKED);
}

long sys_mlock2(uint64_t addr, uint64_t len, uint32_t flags)
{
	if (flags & ~(uint32_t)MLOCK_ONFAULT)
		return -EINVAL;
	return mm_lock(limit_mm(), addr, len,
		       VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
}

long sys_munlock(uint64_t addr, uint64_t len)
{
	return mm_lock(limit_mm(), addr, len, 0);
}

long sys_mlockall(uint32_t flags)
{
	uint32_t mark = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);

	if (!flags || flags & ~(uint32_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	return mm_lock_all(limit_mm(), mark, flags & MCL_FUTURE ? mark : 0, flags & MCL_CURRENT);
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
		return uaccess_refuse(vec_at, true);
	for (uint64_t done = 0, part; !err && done < n; done += part) {
		/*
		 * A piece at a time: mm->lock is never held while the answer is copied out, which
		 * may fault.
		 */
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
	/* Behind the prefix that /proc shows. */
	n = strncpy_from_user(name + sizeof(prefix) - 1, name_at, MEMFD_NAME_MAX + 1);
	if (n < 0)
		return n;
	if (n > MEMFD_NAME_MAX)
		return -EINVAL;
	if (flags & MFD_HUGETLB)
		return -ENOSYS; /* there are no huge pages */
	f = memfd_file(name, sizeof(prefix) - 1 + (size_t)n, flags);
	return is_err(f) ? ptr_err(f) : fd_add(f, flags & MFD_CLOEXEC);
}
