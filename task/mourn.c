/*
 * mourn.c - see mourn.h.  The signals are sent by task/family.c.
 */
#include "task/mourn.h"

#include "task/process.h"

void task_mourn(int signo)
{
	unsigned long flags;

	if (!signo && !current->mourning.signo)
		return;
	flags = spin_lock_irqsave(&proc_lock);
	if (current->mourning.signo)
		list_del(&current->mourning.link);
	current->mourning.signo = signo;
	if (signo)
		list_add_tail(&current->process->family.mourners, &current->mourning.link);
	spin_unlock_irqrestore(&proc_lock, flags);
}
