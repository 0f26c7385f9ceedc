/* SPDX-License-Identifier: PostgreSQL */
#include "fix.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "head.h"
#include "set_list.h"
#include "stmt.h"

struct reading {
	const char *fix, *error;
};

static void *read_fix(void *arg)
{
	struct reading *reading = arg;

	reading->error =
		is_set_list(reading->fix) ? NULL : "it is not a list as behind SET of an UPDATE";
	return NULL;
}

const char *fix_wrong(const char *fix)
{
	struct reading reading = {fix, head_over_limit(fix, strlen(fix), &head_limits_default)};
	pthread_attr_t attributes;
	pthread_t thread;

	if (reading.error != NULL)
		return reading.error;
	reading.error = "there is no thread to read it on";
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PARSE_STACK_BYTES);
	if (pthread_create(&thread, &attributes, read_fix, &reading) == 0)
		pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	return reading.error;
}
