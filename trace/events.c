/*
 * events.c - see events.h.
 *
 * Each function fills one record (abi/trace.def) on the stack and gives it to trace_put().  None of
 * them looks at a task: trace/ is below task/, which says what is to be recorded.
 */
#include "trace/events.h"

#include "lib/string.h"

/* @comm has at most TASK_COMM_LEN bytes, with its NUL; what is behind that in @to is 0. */
#define COPY_COMM(to, comm) strlcpy((to), (comm), sizeof(to))

void trace_sched_record(int32_t prev, int32_t next, const char *comm, uint32_t why)
{
	struct trace_sched r = { TRACE_HEAD(SCHED, sched), .next = next, .why = why };

	COPY_COMM(r.comm, comm);
	/* Current is @next already; this is about the one before, which may be gone. */
	trace_put_as(prev, &r.head);
}

void trace_wake_record(int32_t tid, unsigned int target, uint64_t ticks)
{
	struct trace_wake r = { TRACE_HEAD(WAKE, wake), .task = tid, .target = target };

	r.head.ticks = ticks;
	trace_put(&r.head);
}

void trace_task_fork_record(int32_t child, int32_t process, uint64_t flags, const char *comm)
{
	struct trace_fork r = { TRACE_HEAD(FORK, fork), .flags = flags, .child = child,
				.process = process };

	COPY_COMM(r.comm, comm);
	trace_put(&r.head);
}

/* Of a path; the longest that there can be (PATH_MAX) is no record's. */
#define PATH_BYTES 512

void trace_task_name_record(int32_t task, const char *comm)
{
	struct trace_name r = { TRACE_HEAD(NAME, name), .task = task };

	COPY_COMM(r.comm, comm);
	trace_put(&r.head);
}

void trace_task_exec_record(int32_t process, const char *comm, const char *path)
{
	struct {
		struct trace_exec exec;
		struct trace_chunk chunk;
		char path[PATH_BYTES];
	} r = { .exec = { TRACE_HEAD(EXEC, exec), .process = process } };
	size_t whole = strlen(path), here = min(whole, sizeof(r.path));

	COPY_COMM(r.exec.comm, comm);
	r.chunk = (struct trace_chunk){ .arg = TRACE_CHUNK_PATH,
					.flags = TRACE_CHUNK_STRING,
					.bytes = (uint16_t)here,
					.whole = (uint32_t)whole };
	memcpy(r.path, path, here);
	r.exec.head.words += (uint8_t)((sizeof(r.chunk) + ALIGN_UP(here, 8)) / 8);
	trace_put(&r.exec.head);
}

void trace_task_exit_record(int32_t process, int status)
{
	struct trace_exit r = { TRACE_HEAD(EXIT, exit), .process = process,
				.status = (uint32_t)status };

	trace_put(&r.head);
}

void trace_signal_send_record(int nr, int code, int32_t to, uint32_t did)
{
	struct trace_signal_send r = { TRACE_HEAD(SIGNAL_SEND, signal_send), .nr = nr, .code = code,
				       .to = to, .did = did };

	trace_put(&r.head);
}

void trace_signal_take_record(int nr, int code, uint32_t did, uint64_t handler)
{
	struct trace_signal_take r = { TRACE_HEAD(SIGNAL_TAKE, signal_take), .handler = handler,
				       .nr = nr, .code = code, .did = did };

	trace_put(&r.head);
}

void trace_copy_record(uint64_t address, uint64_t pc, uint64_t esr, uint32_t access)
{
	struct trace_copy r = { TRACE_HEAD(COPY, copy), .address = address, .pc = pc, .esr = esr,
				.access = access };

	trace_put(&r.head);
}

void trace_block_record(struct trace_block *r)
{
	uint64_t ticks = r->head.ticks;

	r->head = (struct trace_block){ TRACE_HEAD(BLOCK, block) }.head;
	r->head.ticks = ticks;
	trace_put(&r->head);
}
