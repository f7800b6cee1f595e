/* wait.h, whose mutexes are the test's own: current is no register here. */
#pragma once

#define mutex_trylock	 register_mutex_trylock
#define mutex_try_unlock register_mutex_try_unlock
#include_next "task/wait.h"
#undef mutex_trylock
#undef mutex_try_unlock

bool mutex_trylock(struct mutex *m);
bool mutex_try_unlock(struct mutex *m);
