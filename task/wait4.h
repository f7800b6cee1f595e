/*
 * wait4.h - waiting for a child: wait4(2)'s and waitid(2)'s work.
 */
#pragma once

#include <stdint.h>

#include "task/pid.h"
#include "task/usage.h"

struct wait_request {
	int type; /* P_ALL, P_PID, P_PGID */
	pid_t id;
	uint32_t options; /* WNOHANG, WEXITED, WSTOPPED, WCONTINUED, WNOWAIT, __WALL … */
};
struct wait_result {
	pid_t pid;  /* 0: nothing yet, under WNOHANG */
	int status; /* as wait4(2) gives it */
	int code;   /* CLD_* */
	uint32_t uid;
	struct task_usage usage; /* the child's own, and that of the children that it waited for */
};
/* task_wait - return 0 and *@res, or -ECHILD, -ERESTARTSYS. */
int task_wait(const struct wait_request *rq, struct wait_result *res) __must_check;
