/* SPDX-License-Identifier: PostgreSQL */
/* Memory that nothing can go on without. */
#ifndef MUST_H
#define MUST_H

/* The memory as given; NULL (malloc's, strdup's) ends the process with a line on standard error. */
void *must(void *memory);

#endif
