/* SPDX-License-Identifier: PostgreSQL */
/*
 * Any first packet.  Beyond not crashing: when a packet is called safe, PostgreSQL's own way to
 * read `options`, written here a second time and as plainly as it goes, must find nothing unsafe.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "startup_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 5004 };

static void must_be_safe(const char *name, const char *value)
{
	if (strcasecmp(name, "client_encoding") == 0 && !encoding_is_safe(value))
		abort();
	if (strcasecmp(name, "standard_conforming_strings") == 0 &&
		(strncasecmp(value, "of", 2) == 0 || strncasecmp(value, "f", 1) == 0 ||
			strncasecmp(value, "n", 1) == 0 || strcmp(value, "0") == 0))
		abort();
}

/* Splits text in place; returns the number of words. */
static int split(char *text, char *words[WORDS_MAX])
{
	int n = 0;

	for (;;) {
		char *out;

		while (isspace((unsigned char)*text))
			text++;
		if (*text == '\0' || n == WORDS_MAX - 1)
			return n;
		words[n++] = out = text;
		while (*text != '\0' && !isspace((unsigned char)*text)) {
			if (*text == '\\')
				text++;
			if (*text != '\0')
				*out++ = *text++;
		}
		if (*text != '\0')
			text++;
		*out = '\0';
	}
}

static void check_options(const char *options)
{
	char *copy = strdup(options);
	char *words[WORDS_MAX + 1] = {(char[]){"postgres"}};
	int n = 1 + split(copy, words + 1), flag;

	words[n] = NULL;
	optind = 0;
	opterr = 0;
	while ((flag = getopt(n, words, "B:bc:C:D:d:EeFf:h:ijk:lN:nOPp:r:S:sTt:v:W:-:")) != -1) {
		char *equals;

		if (flag != 'c' && flag != '-')
			continue;
		equals = strchr(optarg, '=');
		if (equals == NULL)
			continue;
		*equals = '\0';
		for (char *p = optarg; *p != '\0'; p++)
			if (*p == '-')
				*p = '_';
		must_be_safe(optarg, equals + 1);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct startup_packet packet;
	const char *error;
	ssize_t n = startup_decode(data, size, &packet, &error);

	if (n > 0 && (size_t)n > size)
		abort();
	if (n <= 0 || packet.kind != STARTUP_MESSAGE)
		return 0;
	startup_replication(&packet);
	startup_extensions(&packet);
	if (startup_unsafe(&packet) != NULL)
		return 0;
	for (size_t i = 0; i < packet.n_parameters; i++)
		if (strcmp(packet.parameters[i].name, "options") == 0)
			check_options(packet.parameters[i].value);
		else
			must_be_safe(packet.parameters[i].name, packet.parameters[i].value);
	return 0;
}
