/* SPDX-License-Identifier: PostgreSQL */
#include "settings.h"

#include <string.h>

static const char *const verdict_names[] = {
	[VERDICT_ALLOW] = "allow",
	[VERDICT_WARN] = "warn",
	[VERDICT_REWRITE] = "rewrite",
	[VERDICT_PHASE] = "phase",
	[VERDICT_HOLD] = "hold",
	[VERDICT_REJECT] = "reject",
};
enum { VERDICTS = sizeof(verdict_names) / sizeof(verdict_names[0]) };

const struct policy_settings policy_settings_default = {
	.small_table_rows = 10000,
	.small_table_bytes = 8 << 20,
	.lock_timeout_ms = 2000,
	.lock_timeout_max_ms = 5000,
};

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

int verdict_from_name(const char *name)
{
	for (int i = 0; i < VERDICTS; i++)
		if (strcmp(verdict_names[i], name) == 0)
			return i;
	return -1;
}
