/*
 * share.c - virtio's 9p device: the shared folder's requests, from its queue to p9.c.
 *
 * While the guest runs, malloc() is for who holds this device's lock.
 */
#include "el0/lib/process.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/p9.h"
#include "el0/vm/virtio.h"

#define F_MOUNT_TAG 1u

static const struct {
	uint16_t len;
	char tag[4];
} config = { 4, "host" };

static struct p9 server;

static uint32_t serve_share(struct chain *c)
{
	return p9_request(&server, c->iov, c->nr_out, c->out_bytes, c->iov + c->nr_out, c->nr_in,
			  c->in_bytes);
}

static void reset_share(void)
{
	p9_forget(&server);
}

static int open_folder(const char *path)
{
	server.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (server.root < 0)
		vm_say("%s: %s", path, strerror(server.root));
	svc_umask(0); /* a file's mode is as the guest says */
	return server.root;
}

struct virtio virtio_share = {
	.name = "virtio-9p",
	.id = VIRTIO_9P,
	.nr_queues = 1,
	.features = F_MOUNT_TAG,
	.config = &config,
	.config_size = sizeof(config),
	.open = open_folder,
	.reset = reset_share,
	.serve = serve_share,
};
