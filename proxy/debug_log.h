/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the process itself has to say, for whoever runs it: one timestamped line each on standard
 * error.  It is not the policy log: nothing here is evidence, and SQL text does not belong here.
 * Thread-safe; a line is written in one call, so lines of several threads do not mix.
 */
#ifndef DEBUG_LOG_H
#define DEBUG_LOG_H

/* Cut at this many bytes, the line feed included. */
enum { DEBUG_LOG_LINE_MAX = 1024 };

/* Something that was asked for does not work. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* It works, but somebody should look. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Start, stop, reload and the like; never once for each session or statement. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
