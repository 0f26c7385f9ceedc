/* SPDX-License-Identifier: PostgreSQL */
#include "must.h"

#include <stdio.h>
#include <stdlib.h>

void *must(void *memory)
{
	if (memory == NULL) {
		fputs("phasegate: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}
