/* SPDX-License-Identifier: PostgreSQL */
/*
 * The deepest trees that head_limits_default lets through, on a stack of PARSE_STACK_BYTES.
 * libpg_query recurses without a check (its stack_base_ptr is never set), so a text too deep
 * would end the process.  The stack is ours, so what was used of it can be read off its pages.
 */
#include "head.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "arena.h"
#include "stmt.h"

/*
 * head, then link again and again, then tail, then close as often.  A level costs the same
 * stack whatever it is made of, so the densest links are tried, and one of each way to nest.
 */
struct shape {
	const char *head, *link, *close, *tail;
	unsigned link_words; /* words and operators in link */
	unsigned link_parens;
};

static const struct shape shapes[] = {
	{"CREATE VIEW v AS SELECT 1", "+1", "", "", 1, 0},
	{"CREATE VIEW v AS SELECT ", "NOT ", "", "a", 1, 0},
	{"CREATE VIEW v AS SELECT 1", " UNION SELECT 1", "", "", 2, 0},
	{"CREATE VIEW v AS SELECT a", "[1]", "", "", 0, 0},
	{"CREATE VIEW v AS ", "SELECT (", ")", "SELECT 1", 1, 1},
	{"CREATE VIEW v AS SELECT ", "f(", ")", "1", 1, 1},
	{"CREATE VIEW v AS SELECT ", "CASE WHEN ", " THEN 1 END", "a", 4, 0},
	{"ALTER TABLE t ADD CHECK (a", "+1", "", " = 1)", 1, 0},
};

static unsigned links(const struct shape *shape)
{
	const unsigned spare = 50; /* for head and tail */
	const size_t bytes = head_limits_default.text_bytes_max - 200;
	size_t n = bytes / (strlen(shape->link) + strlen(shape->close));

	if (shape->link_words > 0 &&
		n > (head_limits_default.links_max - spare) / shape->link_words)
		n = (head_limits_default.links_max - spare) / shape->link_words;
	if (shape->link_parens > 0 && n > head_limits_default.nesting_max - spare)
		n = head_limits_default.nesting_max - spare;
	return (unsigned)n;
}

static char *repeat(char *out, const char *text, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out = stpcpy(out, text);
	return out;
}

static char *deepest(const struct shape *shape)
{
	char *text = malloc(2 * head_limits_default.text_bytes_max), *p;
	unsigned n = links(shape);

	cr_assert_not_null(text);
	p = stpcpy(text, shape->head);
	p = repeat(p, shape->link, n);
	if (*shape->close != '\0') {
		p = stpcpy(p, shape->tail);
		repeat(p, shape->close, n);
	} else {
		stpcpy(p, shape->tail);
	}
	return text;
}

static void *parse(void *text)
{
	struct arena arena = {0};
	struct stmts stmts;
	const char *error = NULL;

	/* bison refuses some at 10,000 levels; what matters is to come back. */
	if (stmt_parse(&arena, text, strlen(text), &stmts, &error) == 0) {
		stmt_identify(&arena, text, strlen(text), &stmts);
		cr_expect(stmts.guarded, "%.60s", (char *)text);
	}
	arena_free(&arena);
	return NULL;
}

/* Bytes of the stack that were touched. */
static size_t parse_on_measured_stack(char *text)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = PARSE_STACK_BYTES / page;
	unsigned char *resident = malloc(pages);
	size_t touched = 0;
	pthread_attr_t attributes;
	pthread_t thread;
	char *stack = mmap(NULL, PARSE_STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	cr_assert(resident != NULL && stack != MAP_FAILED);
	pthread_attr_init(&attributes);
	cr_assert_eq(pthread_attr_setstack(&attributes, stack, PARSE_STACK_BYTES), 0);
	cr_assert_eq(pthread_create(&thread, &attributes, parse, text), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	cr_assert_eq(mincore(stack, PARSE_STACK_BYTES, resident), 0);
	for (size_t i = 0; i < pages; i++)
		touched += (resident[i] & 1) * page;
	munmap(stack, PARSE_STACK_BYTES);
	free(resident);
	return touched;
}

Test(limits, deepest_trees_fit_the_stack_four_times, .timeout = 100)
{
	size_t most = 0;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		char *text = deepest(&shapes[i]);
		const struct head_scan scan =
			head_scan(text, strlen(text), &head_limits_default, true);
		size_t touched;

		cr_expect_eq(
			scan.verdict, HEAD_GUARDED, "row %zu: %d %s", i, scan.verdict, scan.reason);
		touched = parse_on_measured_stack(text);
		if (touched > most)
			most = touched;
		cr_log_info("%6u x '%s': %zu KiB of stack", links(&shapes[i]), shapes[i].link,
			touched >> 10);
		free(text);
	}
	printf("deepest stack: %zu MiB of %zu\n", most >> 20, PARSE_STACK_BYTES >> 20);
	cr_expect_lt(most, PARSE_STACK_BYTES / 4);
}

/* One link more than the rows above may have. */
Test(limits, deeper_trees_are_refused)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct head_limits tighter = {
			.text_bytes_max = head_limits_default.text_bytes_max,
			.operator_run_max = head_limits_default.operator_run_max,
			.nesting_max = head_limits_default.nesting_max / 2,
			.links_max = head_limits_default.links_max / 2,
		};
		char *text = deepest(&shapes[i]);

		if (shapes[i].link_words > 0)
			cr_expect_eq(head_scan(text, strlen(text), &tighter, true).verdict,
				HEAD_OVER_LIMIT, "row %zu", i);
		free(text);
	}
}
