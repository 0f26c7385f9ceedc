/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whatever head_scan calls harmless, libpg_query must find nothing guarded in.  The corpus to
 * start from is tests/parser/sql.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../parser/differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tally tally;
	const char *broken;

	if (size > 4096)
		return 0; /* deeper trees need a larger stack than the fuzzer's */
	broken = broken_promise((const char *)data, size, false, &tally);
	if (broken != NULL) {
		fprintf(stderr, "%s: %.*s\n", broken, (int)size, (const char *)data);
		abort();
	}
	return 0;
}
