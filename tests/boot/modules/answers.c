/*
 * answers.c - its init answers what it is told; it has no exit, and no licence.
 */
#include "kmod/module.h"

static int answer;
module_param(answer, int, 0);

static int __init answers_init(void)
{
	return answer;
}

module_init(answers_init);
