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

static void serve_share(struct virtio *v)
{
	static struct chain c;
	uint32_t len;

	while (!v->stop && virtio_next(v, 0, &c)) {
		len = p9_request(&server, c.iov, c.nr_out, c.out_bytes, c.iov + c.nr_out, c.nr_in,
				 c.in_bytes);
		if (len)
			virtio_done(v, 0, &c, len);
		else
			virtio_break(v, "a request without head, or without room for an answer");
	}
}

static void reset_share(void)
{
	p9_forget(&server);
}

static struct virtio share = {
	.name = "virtio-9p",
	.id = VIRTIO_9P,
	.nr_queues = 1,
	.features = F_MOUNT_TAG,
	.config = &config,
	.config_size = sizeof(config),
	.reset = reset_share,
	.serve = serve_share,
};

int share_start(struct vm *vm)
{
	server.root = open(vm->share, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (server.root < 0) {
		vm_say("%s: %s", vm->share, strerror(server.root));
		return server.root;
	}
	svc_umask(0); /* a file's mode is as the guest says */
	share.notify = (int)svc_eventfd2(0, O_CLOEXEC);
	return virtio_start(vm, &share);
}

void share_stop(void)
{
	if (!share.thread.stack)
		return;
	virtio_stop(&share);
	p9_forget(&server);
	svc_close(server.root);
}
