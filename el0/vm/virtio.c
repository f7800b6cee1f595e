/*
 * virtio.c - the registers of virtio-mmio, and what all devices behind them share.
 */
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/virtio.h"

/* clang-format off */
#define REGISTERS(R)                                                                           \
	R(MagicValue, 0x00) R(Version, 0x04) R(DeviceID, 0x08) R(VendorID, 0x0c)               \
	R(DeviceFeatures, 0x10) R(DeviceFeaturesSel, 0x14) R(DriverFeatures, 0x20)             \
	R(DriverFeaturesSel, 0x24) R(QueueSel, 0x30) R(QueueNumMax, 0x34) R(QueueNum, 0x38)    \
	R(QueueReady, 0x44) R(QueueNotify, 0x50) R(InterruptStatus, 0x60)                      \
	R(InterruptACK, 0x64) R(Status, 0x70) R(QueueDescLow, 0x80) R(QueueDescHigh, 0x84)     \
	R(QueueDriverLow, 0x90) R(QueueDriverHigh, 0x94) R(QueueDeviceLow, 0xa0)               \
	R(QueueDeviceHigh, 0xa4) R(Config, 0x100)
/* clang-format on */

enum { REGISTERS(MMIO_AT) };
static const struct mmio_reg regs[] = { REGISTERS(MMIO_NAME){ ~0u, "" } };

#define MAGIC	      0x74726976u
#define VENDOR	      0x4c57454eu /* "NEWL" */
#define VERSION_1     (1ULL << 32)
#define DRIVER_OK     0x04u
#define FEATURES_OK   0x08u
#define NEEDS_RESET   0x40u
#define USED_BUFFER   0x1u
#define CONFIG_CHANGE 0x2u

/* The interrupt is an edge: the driver acknowledges each reason by register. */
static void interrupt(struct virtio *v, uint32_t why)
{
	__atomic_fetch_or(&v->interrupt, why, __ATOMIC_SEQ_CST);
	vm_irq(v->vm, v->spi, true);
	vm_irq(v->vm, v->spi, false);
}

static void break_device(struct virtio *v, const char *why)
{
	vm_say("%s: %s; the device stops until it is reset", v->name, why);
	v->status |= NEEDS_RESET;
	interrupt(v, CONFIG_CHANGE);
}

bool virtio_next(struct virtio *v, uint32_t nr)
{
	const char *why;
	int got;

	if (!(v->status & DRIVER_OK) || v->status & NEEDS_RESET || !v->queue[nr].ready)
		return false;
	got = queue_peek(&v->queue[nr], &v->chain, &why);
	if (got < 0)
		break_device(v, why);
	return got > 0;
}

void virtio_done(struct virtio *v, uint32_t nr, uint64_t len)
{
	if (queue_give(&v->queue[nr], v->chain.head, (uint32_t)len))
		interrupt(v, USED_BUFFER);
}

static void reset(struct virtio *v)
{
	v->status = v->features_sel = v->driver_sel = v->queue_sel = 0;
	v->driver_features = 0;
	__atomic_store_n(&v->interrupt, 0, __ATOMIC_SEQ_CST);
	for (int i = 0; i < VIRTIO_QUEUES; i++)
		v->queue[i] = (struct queue){ .ram = &v->vm->ram };
	if (v->reset)
		v->reset();
}

static void set_status(struct virtio *v, uint32_t status)
{
	uint64_t offered = v->features | VERSION_1;

	/* What was not offered is not accepted: the driver sees that the bit is not set. */
	if (v->driver_features & ~offered || !(v->driver_features & VERSION_1))
		status &= ~FEATURES_OK;
	if (status)
		v->status = (status & 0xff) | (v->status & NEEDS_RESET);
	else
		reset(v);
}

static void set_half(uint64_t *at, bool high, uint32_t value)
{
	*at = high ? (uint32_t)*at | (uint64_t)value << 32 : (*at & ~0xffffffffULL) | value;
}

/* A queue is said all of before it is ready. */
static void write_queue(struct virtio *v, struct queue *q, uint32_t at, uint32_t value)
{
	if (at == QueueReady && !(value & 1))
		q->ready = false;
	if (q->ready)
		return;
	switch (at & ~4u) {
	case QueueNum: q->size = value; break;
	case QueueDescLow: set_half(&q->desc, at & 4, value); break;
	case QueueDriverLow: set_half(&q->avail, at & 4, value); break;
	case QueueDeviceLow: set_half(&q->used, at & 4, value); break;
	case QueueReady & ~4u:
		if (value & 1 && !queue_start(q))
			break_device(v, "a queue's size or place is impossible");
	}
}

static void write_locked(struct virtio *v, uint32_t at, uint32_t value)
{
	switch (at) {
	case DeviceFeaturesSel: v->features_sel = value; break;
	case DriverFeaturesSel: v->driver_sel = value; break;
	case DriverFeatures:
		if (v->driver_sel < 2)
			set_half(&v->driver_features, v->driver_sel, value);
		break;
	case QueueSel: v->queue_sel = value; break;
	case Status: set_status(v, value); break;
	default:
		if (v->queue_sel < v->nr_queues)
			write_queue(v, &v->queue[v->queue_sel], at, value);
	}
}

static struct virtio *virtio_of(struct mmio *m)
{
	return (struct virtio *)((char *)m - offsetof(struct virtio, mmio));
}

/* Registers are 32 bits (4.2.2.2), and no configuration here can be written. */
static void virtio_write(struct mmio *m, uint32_t at, unsigned int n, uint64_t value)
{
	struct virtio *v = virtio_of(m);
	uint64_t one = 1;

	if (n != 4 || at & 3)
		return;
	if (at == QueueNotify) {
		svc_write(v->notify, &one, sizeof(one));
	} else if (at == InterruptACK) {
		__atomic_fetch_and(&v->interrupt, ~(uint32_t)value, __ATOMIC_SEQ_CST);
	} else {
		mutex_lock(&v->lock);
		write_locked(v, at, (uint32_t)value);
		mutex_unlock(&v->lock);
	}
}

static uint64_t read_config(const struct virtio *v, uint32_t at, unsigned int n)
{
	uint64_t value = 0;

	if (at < v->config_size && n <= v->config_size - at)
		memcpy(&value, (const uint8_t *)v->config + at, n);
	return value;
}

/* Without the lock: a word each, and who asks does not wait for work under way. */
static uint64_t virtio_read(struct mmio *m, uint32_t at, unsigned int n)
{
	const struct virtio *v = virtio_of(m);
	uint32_t queue = __atomic_load_n(&v->queue_sel, __ATOMIC_RELAXED);
	uint32_t word = __atomic_load_n(&v->features_sel, __ATOMIC_RELAXED);

	switch (at) {
	case MagicValue: return MAGIC;
	case Version: return 2;
	case DeviceID: return v->id;
	case VendorID: return VENDOR;
	case DeviceFeatures: return word == 0 ? v->features : word == 1;
	case QueueNumMax: return queue < v->nr_queues ? QUEUE_MAX : 0;
	case QueueReady:
		return queue < v->nr_queues &&
		       __atomic_load_n(&v->queue[queue].ready, __ATOMIC_RELAXED);
	case InterruptStatus: return __atomic_load_n(&v->interrupt, __ATOMIC_SEQ_CST);
	case Status: return __atomic_load_n(&v->status, __ATOMIC_RELAXED);
	}
	return at >= Config ? read_config(v, at - Config, n) : 0;
}

static void run_device(void *arg)
{
	struct virtio *v = arg;
	uint64_t count;
	uint32_t len;

	while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE)) {
		if (svc_read(v->notify, &count, sizeof(count)) < 0)
			continue;
		mutex_lock(&v->lock);
		while (!__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE) && virtio_next(v, 0)) {
			len = v->serve(&v->chain);
			if (len)
				virtio_done(v, 0, len);
			else
				break_device(v, "a request without room for its head or answer");
		}
		mutex_unlock(&v->lock);
	}
}

int virtio_start(struct vm *vm, struct virtio *v, const char *path)
{
	struct kvm_ioeventfd e = { .len = 4 };
	unsigned int nr = vm->nr_virtio;
	int err = 0;

	v->file = v->open ? v->open(path) : -1;
	if (v->open && v->file < 0)
		return v->file;
	vm->nr_virtio++;
	v->vm = vm;
	v->spi = VM_SPI_VIRTIO + nr;
	v->mmio =
		(struct mmio){ v->name, VM_VIRTIO + nr * VM_MMIO_SIZE, 0, virtio_read, virtio_write,
			       regs };
	vm->mmio[vm->nr_mmio++] = &v->mmio;
	v->stop = false;
	reset(v);
	v->notify = v->serve ? (int)svc_eventfd2(0, O_CLOEXEC) : terminal_kick_fd();
	/* The kernel notifies without an exit; where it cannot, or -t shows them, by exit. */
	e.addr = v->mmio.base + QueueNotify;
	e.fd = v->notify;
	if (!vm->trace)
		svc_ioctl(vm->fd, KVM_IOEVENTFD, &e);
	if (v->serve)
		err = v->notify < 0 ? v->notify : thread_run(&v->thread, run_device, v);
	if (err)
		vm_say("no thread for %s: %s", v->name, strerror(err));
	return err;
}

void virtio_hurry(struct virtio *v)
{
	__atomic_store_n(&v->stop, true, __ATOMIC_RELEASE);
}

void virtio_stop(struct virtio *v)
{
	uint64_t one = 1;

	if (!v->thread.stack)
		return;
	virtio_hurry(v);
	svc_write(v->notify, &one, sizeof(one));
	thread_await(&v->thread);
	reset(v);
	svc_close(v->notify);
	svc_close(v->file);
}
