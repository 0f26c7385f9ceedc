/* SPDX-License-Identifier: PostgreSQL */
#include "debug_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A peer's words may hold line feeds or escape sequences; neither may forge a line or drive a
 * terminal. */
static void blank_control_characters(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

static void write_line(const char *level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void write_line(const char *level, const char *fmt, va_list args)
{
	char line[DEBUG_LOG_LINE_MAX];
	int saved_errno = errno;
	struct timeval now;
	struct tm utc;
	size_t n;

	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &utc);
	n = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	n += (size_t)snprintf(
		line + n, sizeof(line) - n, ".%03dZ %s: ", (int)(now.tv_usec / 1000), level);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	blank_control_characters(line);
	n = strlen(line);
	line[n++] = '\n';
	/* Nowhere is left to report a failure to. */
	if (write(STDERR_FILENO, line, n) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("error", fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("warning", fmt, args);
	va_end(args);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("info", fmt, args);
	va_end(args);
}
