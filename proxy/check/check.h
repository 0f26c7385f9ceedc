/* SPDX-License-Identifier: PostgreSQL */
/* Reviews files, side by side on as many threads as there are cores, each with the parser's stack,
 * and hands one after the other to a report. */
#ifndef CHECK_H
#define CHECK_H

#include "report.h"
#include "server.h"
#include "source_file.h"

/* Nobody waits for a file: its statements may be so many times as deep as those over the wire, and
 * the threads' stacks are larger accordingly. */
enum { FILE_DEPTH = 10 };

struct check {
	struct reviewer reviewer;
	const struct server_options *server; /* NULL: without one */
	const struct report_format *format;
	struct report report;
	struct source_list sources;
	bool plans_answer; /* what has a safe form that phasegate carries out is good */
};

/* Returns an exit status; tells on standard error what is wrong with no file. */
int check_run(struct check *check);

#endif
