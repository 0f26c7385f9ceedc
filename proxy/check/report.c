/* SPDX-License-Identifier: PostgreSQL */
#include "report.h"

#include <string.h>

const struct report_format *report_format_by_name(const char *name)
{
	static const struct report_format *const formats[] = {
		&report_text, &report_json, &report_sarif, &report_github};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}
