/*
 * names.c - the names of sockets: paths, abstract ones, and those that the kernel chooses.
 *
 * One table holds every bound socket, by its inode in the file system or by its type and its
 * abstract name.  Invariants: a socket is in the table (names_lock) from when it gets its name
 * until its file is closed; a name once got stays.
 */
#include "net/names.h"

#include "abi/stat.h"
#include "fs/context.h"
#include "fs/name.h"
#include "fs/random.h"
#include "fs/walk.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

#define HEAD	   ((uint32_t)offsetof(struct sockaddr_un, sun_path))
#define AUTO_NAMES 0x100000u /* five hexadecimal digits */

static struct spinlock names_lock = SPINLOCK_INIT;

HASH_TABLE(names); /* names_lock */

static bool is_path(const struct sock_address *a)
{
	return a->un.sun_path[0];
}

static uint32_t hash_abstract(const struct sock_address *a, int type)
{
	uint64_t h = 0;

	for (uint32_t i = HEAD; i < a->len; i++)
		h = hash_step(h, i, (uint8_t)a->bytes[i]);
	return hash_mix(NULL, hash_sum(h) ^ (uint32_t)type);
}

static uint32_t hash_inode(const struct inode *inode)
{
	return hash_mix(inode, 0);
}

/*
 * Both with names_lock held, and without a reference: the caller takes one before it gives the lock
 * back, as name_drop of the socket's last file waits for it.
 */
static struct sock *find_abstract(const struct sock_address *a, int type)
{
	uint32_t hash = hash_abstract(a, type);

	for (struct hash_node *n = *hash_bucket(&names, hash); n; n = n->next) {
		struct sock *s = container_of(n, struct sock, named);
		const struct sock_address *b = &s->name->address;

		if (n->hash == hash && s->type == type && !s->path.mnt && b->len == a->len &&
		    memcmp(b->bytes, a->bytes, a->len) == 0)
			return s;
	}
	return NULL;
}

static struct sock *find_inode(const struct inode *inode)
{
	uint32_t hash = hash_inode(inode);

	for (struct hash_node *n = *hash_bucket(&names, hash); n; n = n->next) {
		struct sock *s = container_of(n, struct sock, named);

		if (s->path.mnt && s->path.dentry->inode == inode)
			return s;
	}
	return NULL;
}

int address_check(const struct sock_address *a)
{
	return a->len > HEAD && a->len <= sizeof(a->un) && a->un.sun_family == AF_UNIX ? 0
										       : -EINVAL;
}

/* The socket of @inode, or (NULL) of the abstract name @a, with a reference. */
static struct sock *find_named(const struct inode *inode, const struct sock_address *a, int type)
{
	struct sock *s;

	spin_lock(&names_lock);
	s = inode ? find_inode(inode) : find_abstract(a, type);
	if (s)
		sock_get(s);
	spin_unlock(&names_lock);
	return s ? s : err_ptr(-ECONNREFUSED);
}

static struct sock *find_bound_path(const struct sock_address *a)
{
	struct sock *s;
	struct path path;
	int err = path_lookup(AT_FDCWD, a->un.sun_path, WALK_FOLLOW, NULL, &path);

	if (err)
		return err_ptr(err);
	err = path_permission(current_cred(), &path, MAY_WRITE);
	/*
	 * The inode of a dead socket stays in the file system: then the answer is ECONNREFUSED.
	 */
	s = err ? err_ptr(err) : find_named(path.dentry->inode, a, 0);
	path_put(&path);
	return s;
}

struct sock *name_find(const struct sock_address *a, int type)
{
	struct sock *s = is_path(a) ? find_bound_path(a) : find_named(NULL, a, type);

	if (!is_err(s) && s->type != type) { /* only a path can lead to another type */
		sock_put(s);
		s = err_ptr(-EPROTOTYPE);
	}
	return s;
}

void name_drop(struct sock *s)
{
	/*
	 * A task that has found the socket just before holds a reference, and sees s->dead under
	 * s->lock.
	 */
	spin_lock(&names_lock);
	if (s->findable)
		hash_remove(&names, &s->named);
	s->findable = false;
	spin_unlock(&names_lock);
}

/* ---- bind ---- */

/*
 * @s gets the name @n, and with it @path if that is not NULL; bind_lock held.  0, or -EADDRINUSE:
 * the name is abstract, and another has it.
 */
static int set_sock_name(struct sock *s, struct sock_name *n, const struct path *path)
{
	int err = 0;

	/*
	 * s->lock: a task that asks for a socket's address sees all of it or none.  names_lock
	 * inside: that the name is free and that it is taken is one step.
	 */
	spin_lock(&s->lock);
	spin_lock(&names_lock);
	if (path) {
		s->path = *path;
		s->named.hash = hash_inode(path->dentry->inode);
	} else {
		err = find_abstract(&n->address, s->type) ? -EADDRINUSE : 0;
		s->named.hash = hash_abstract(&n->address, s->type);
	}
	if (!err) {
		s->name = n;
		hash_insert(&names, &s->named);
		s->findable = true;
	}
	spin_unlock(&names_lock);
	spin_unlock(&s->lock);
	return err;
}

/* A socket has one name: what the second bind(2) says depends on what is at the path. */
static int bound_already(const char *name)
{
	struct path path;

	if (path_lookup(AT_FDCWD, name, 0, NULL, &path))
		return -EINVAL;
	path_put(&path);
	return -EADDRINUSE;
}

static int bind_path(struct sock *s, struct sock_name *n)
{
	struct inode_new what = { .mode = s->inode.mode & ~fs_umask() };
	struct path path;
	int err;

	n->address.len = HEAD + (uint32_t)strlen(n->address.un.sun_path) + 1;
	/*
	 * bind_lock is held: no other thread gives the socket a name between this and
	 * set_sock_name.
	 */
	if (s->name)
		return bound_already(n->address.un.sun_path);
	/*
	 * Outside names_lock, as the file system may sleep.  Until set_sock_name the inode is
	 * there, but a connect to it is refused.
	 */
	err = vfs_make_at(AT_FDCWD, n->address.un.sun_path, &what, &path);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	return set_sock_name(s, n, &path);
}

/* An abstract name that no socket has, if it has none yet.  0, -ENOMEM, -ENOSPC. */
static int name_auto(struct sock *s)
{
	struct sock_name *n = kzalloc(sizeof(*n));
	uint32_t start, i;
	int err;

	if (!n)
		return -ENOMEM;
	ref_init(&n->refs);
	n->address.un.sun_family = AF_UNIX;
	n->address.len = HEAD + 6;
	random_bytes(&start, sizeof(start));
	/* A mutex: up to a million names are tried, and the loop gives way. */
	mutex_lock(&s->bind_lock);
	err = s->name ? -EEXIST : -EADDRINUSE;
	for (i = 0; i < AUTO_NAMES && err == -EADDRINUSE; i++) {
		snprintf(n->address.un.sun_path + 1, 6, "%05x", (start + i) % AUTO_NAMES);
		err = file_may_continue() ? set_sock_name(s, n, NULL) : -EINTR;
	}
	mutex_unlock(&s->bind_lock);
	if (err)
		kfree(n);
	return err == -EADDRINUSE ? -ENOSPC : err == -EEXIST ? 0 : err;
}

int name_need(struct sock *s)
{
	return switched_on(s, SO_PASSCRED) && !READ_ONCE(s->name) ? name_auto(s) : 0;
}

int socket_bind(struct sock *s, const struct sock_address *a)
{
	struct sock_name *n;
	int err;

	if (a->len == HEAD && a->un.sun_family == AF_UNIX)
		return name_auto(s);
	err = address_check(a);
	if (err)
		return err;
	n = kzalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	ref_init(&n->refs);
	n->address.len = a->len;
	memcpy(n->address.bytes, a->bytes, a->len);
	mutex_lock(&s->bind_lock);
	err = is_path(a) ? bind_path(s, n) : s->name ? -EINVAL : set_sock_name(s, n, NULL);
	mutex_unlock(&s->bind_lock);
	if (err)
		kfree(n);
	return err;
}

int socket_name(struct sock *s, bool peer, struct sock_address *a)
{
	struct sock *whose = s;

	*a = (struct sock_address){ .len = HEAD, .un.sun_family = AF_UNIX };
	if (peer)
		whose = sock_peer(s);
	if (!whose)
		return -ENOTCONN;
	spin_lock(&whose->lock);
	/* Under the lock of set_sock_name: the name is there in full, or not yet. */
	if (whose->name)
		*a = whose->name->address;
	spin_unlock(&whose->lock);
	if (peer)
		sock_put(whose);
	return 0;
}
