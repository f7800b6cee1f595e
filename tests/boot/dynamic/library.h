/* library.h - what the libraries of this folder give. */
#pragma once

extern __thread int one_counter;
extern int one_constructed; /* 42 once the constructor has run */

int one_chosen(void); /* an indirect function: 7 */
int one_count(void);  /* counts the calling thread's one_counter up */
int one_answer(void); /* 1; 2 with preload.so before it */

int two_count(void); /* counts the calling thread's own counter up, from 100 */
const char *two_name(void);
