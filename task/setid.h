/*
 * setid.h - how a thread's numbers change (credentials(7)): the rules of setuid(2) and its kin, and
 * of setgroups(2).
 *
 * They belong to the thread, as on Linux: a C library gives what a program asks for to each of its
 * threads in turn.  Root's capabilities come and go with the user numbers (task/cap.c).
 */
#pragma once

#include <stdint.h>

#include "task/cred.h"

#define ID_KEEP UINT32_MAX /* a number that is not to change */

/* Which of a thread's numbers: its user's or its group's. */
enum id_kind { ID_USER, ID_GROUP };

/* By which call: one number, real and effective, or the saved one too. */
enum id_call { SETID, SETREID, SETRESID };

/*
 * setid - setuid(2), setreuid(2), setresuid(2) and the same for groups; @id: what the call takes.
 * 0, -EINVAL, -EPERM, -EAGAIN: no memory for the user, -ENOMEM.
 * setfsid - setfsuid(2), setfsgid(2): what the number was, whether it has changed or not; or
 * -ENOMEM.
 */
int setid(enum id_call call, enum id_kind kind, const uint32_t id[3]) __must_check;
long setfsid(enum id_kind kind, uint32_t id) __must_check;

/*
 * groups_new - a list for @n supplementary groups, to be filled; NULL: for none; or
 * err_ptr(-EPERM): current may not set any; -EINVAL: there are too many; -ENOMEM.
 * groups_set - @g, or NULL, takes the place of current's, and the caller's reference passes over.
 * Gives way.  0, -EINVAL: one of them is no group; -EINTR, -ENOMEM.
 */
struct group_list *groups_new(uint32_t n) __must_check;
int groups_set(struct group_list *g) __must_check;
