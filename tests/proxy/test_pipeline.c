/* SPDX-License-Identifier: PostgreSQL */
/*
 * Scripts of a conversation: lower and upper case as on the wire.  ">x" sends a message, "<x"
 * hears an answer of the server; what must be owed afterwards stands behind it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"
#include "wire.h"

static struct pipeline pipeline;

static void begin(void)
{
	pipeline_init(&pipeline);
}

static void end(void)
{
	pipeline_free(&pipeline);
}

TestSuite(pipeline, .init = begin, .fini = end);

static int kind_of(char type)
{
	static const struct {
		char type;
		enum owed_kind kind;
	} kinds[] = {
		{'Q', OWED_QUERY},
		{'F', OWED_FUNCTION},
		{'S', OWED_SYNC},
		{'P', OWED_PARSE},
		{'B', OWED_BIND},
		{'D', OWED_DESCRIBE},
		{'E', OWED_EXECUTE},
		{'C', OWED_CLOSE},
		{'c', OWED_COPY_END},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return kinds[i].kind;
	cr_assert_fail("no such message: %c", type);
	return -1;
}

/* Everything owed, as the letters that would send it. */
static const char *owed(char *out)
{
	static const char letters[] = {
		[OWED_QUERY] = 'Q',
		[OWED_FUNCTION] = 'F',
		[OWED_SYNC] = 'S',
		[OWED_PARSE] = 'P',
		[OWED_BIND] = 'B',
		[OWED_DESCRIBE] = 'D',
		[OWED_EXECUTE] = 'E',
		[OWED_CLOSE] = 'C',
		[OWED_COPY_END] = 'c',
	};
	struct owed *ring = pipeline.ring != NULL ? pipeline.ring : pipeline.small;
	uint32_t i;

	for (i = 0; i < pipeline.count; i++)
		out[i] = letters[ring[(pipeline.start + i) & (pipeline.capacity - 1)].kind];
	out[i] = '\0';
	return out;
}

Test(pipeline, follows_the_server)
{
	static const struct {
		const char *name, *script, *owed;
		bool skipping;
	} cases[] = {
		{"simple", ">Q<T<D<C<Z", "", false},
		{"two simple", ">Q>Q<C<Z", "Q", false},
		{"several statements in one query", ">Q<C<T<D<C<I<Z", "", false},
		{"an error ends a query only at ready", ">Q<E", "Q", false},
		{"extended", ">P>B>D>E>S<1<2<T<D<C<Z", "", false},
		{"describe of a statement has two answers", ">P>D>S<1<t<n", "S", false},
		{"portal suspended ends one execute", ">B>E>E>S<2<s<C", "S", false},
		{"error skips to sync", ">P>B>D>E>S<1<E", "S", false},
		{"... and simple queries too", ">P>Q>E>S>Q<E", "SQ", false},
		{"what is sent before sync is dropped", ">P>B<E>E>Q>B", "", true},
		{"... up to the sync", ">P>B<E>E>S>Q", "SQ", false},
		{"two batches", ">P>E>S>P>E>S<1<E", "SPES", false},
		{"copy in", ">Q<G>c<C<Z", "", false},
		{"sync sent with the execute of a copy", ">B>E>S<2<G", "E", false},
		{"... is followed by a second one", ">B>E>S<2<G>c>S<C<Z", "", false},
		{"sync during copy is ignored", ">B>E<2<G>S>S>c>S<C<Z", "", false},
		{"blind copy keeps its sync", ">B>E>c>S<2<G<C<Z", "", false},
		{"copy fails", ">B>E<2<G>c>S<E<Z", "", false},
		{"copy done outside copy", ">c>Q<C<Z", "", false},
		{"an error before the copy read its sync", ">B>E>S<2<G<E<Z", "", false},
		{"... or behind it", ">B>E>S<2<G>c>S<E<Z", "", false},
		{"two copies of one query", ">Q<G>c<C<G", "Q", false},
		{"copy out", ">B>E>S<2<H<d<d<c<C<Z", "", false},
		{"function call", ">F<V<Z", "", false},
		{"error at commit", ">P>B>E>S<1<2<C<E<Z", "", false},
		{"error nobody asked for", "<E", "", false},
	};
	char letters[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pipeline_free(&pipeline);
		for (const char *p = cases[i].script; *p != '\0'; p += 2) {
			if (*p == '>')
				pipeline_push(&pipeline, (enum owed_kind)kind_of(p[1]), 0, NULL);
			else
				cr_expect(!pipeline_answer(&pipeline, (uint8_t)p[1]).unexpected,
					"%s: %c at %zu", cases[i].name, p[1],
					(size_t)(p - cases[i].script));
		}
		pipeline_head(&pipeline);
		cr_expect_str_eq(owed(letters), cases[i].owed, "%s", cases[i].name);
		cr_expect_eq(pipeline.skipping, cases[i].skipping, "%s", cases[i].name);
	}
}

/* A Sync that a failed COPY may have read, and what has to hold before the probe may be sent. */
Test(pipeline, asks_where_a_failed_copy_left_the_server)
{
	static const struct {
		const char *name, *script;
		bool unsure, may_ask, lost;
	} cases[] = {
		{"copy without sync", ">B>E<2<G>c>S<E<Z", false, false, false},
		{"sync with the execute", ">B>E>S<2<G<E", true, false, false},
		{"... and ready", ">B>E>S<2<G<E<Z", true, true, false},
		{"... and a sync behind the data", ">B>E>S<2<G>c>S<E", true, true, false},
		{"... that comes after the error", ">B>E>S<2<G>c<E>S", true, true, false},
		{"sync between the data", ">B>E<2<G>S<E<Z", true, true, false},
		{"copy by query", ">Q<G>S<E<Z", true, true, false},
		{"another message behind it", ">B>E>S<2<G>c>S>Q<E", true, true, true},
		{"a copy that succeeds", ">B>E>S<2<G>c>S<C<Z", false, false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool lost = false;

		pipeline_free(&pipeline);
		for (const char *p = cases[i].script; *p != '\0'; p += 2)
			if (*p == '>')
				pipeline_push(&pipeline, (enum owed_kind)kind_of(p[1]), 0, NULL);
			else
				lost = lost || pipeline_answer(&pipeline, (uint8_t)p[1]).lost;
		cr_expect_eq(pipeline.unsure, cases[i].unsure, "%s", cases[i].name);
		cr_expect_eq(lost, cases[i].lost, "%s", cases[i].name);
		if (!pipeline.unsure || lost)
			continue;
		cr_expect_eq(pipeline_ask(&pipeline), cases[i].may_ask, "%s", cases[i].name);
		if (!cases[i].may_ask)
			continue;
		pipeline_answer(&pipeline, BACKEND_READY_FOR_QUERY);
		cr_expect(pipeline.unsure, "%s: an older answer", cases[i].name);
		pipeline_answer(&pipeline, BACKEND_CLOSE_COMPLETE);
		cr_expect(!pipeline.unsure && pipeline_idle(&pipeline), "%s", cases[i].name);
	}
}

Test(pipeline, tells_what_does_not_fit)
{
	static const char *const scripts[] = {"<Z", ">P<2", ">P<Z", ">S<1", ">E<1", ">Q<1", ">B<D"};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		bool unexpected = false;

		pipeline_free(&pipeline);
		for (const char *p = scripts[i]; *p != '\0'; p += 2) {
			if (*p == '>')
				pipeline_push(&pipeline, (enum owed_kind)kind_of(p[1]), 0, NULL);
			else
				unexpected = pipeline_answer(&pipeline, (uint8_t)p[1]).unexpected;
		}
		cr_expect(unexpected, "%s", scripts[i]);
	}
}

Test(pipeline, marks_stay_with_their_statement)
{
	struct mark *first = mark_new(), *second = mark_new();
	struct answer answer;

	pipeline_push(&pipeline, OWED_PARSE, 0, first);
	pipeline_push(&pipeline, OWED_EXECUTE, OWED_SWALLOW, NULL);
	pipeline_push(&pipeline, OWED_EXECUTE, 0, second);
	answer = pipeline_answer(&pipeline, BACKEND_PARSE_COMPLETE);
	cr_assert_eq(answer.mark, first);
	cr_expect(answer.done);
	answer = pipeline_answer(&pipeline, BACKEND_COMMAND_COMPLETE);
	cr_expect_null(answer.mark);
	cr_expect_eq(answer.owed.flags, OWED_SWALLOW);
	answer = pipeline_answer(&pipeline, BACKEND_DATA_ROW);
	cr_assert_eq(answer.mark, second);
	cr_expect(!answer.done);
	mark_free(first);
}

Test(pipeline, an_error_frees_the_marks_it_skips)
{
	pipeline_push(&pipeline, OWED_PARSE, 0, NULL);
	pipeline_push(&pipeline, OWED_EXECUTE, 0, mark_new());
	pipeline_push(&pipeline, OWED_SYNC, 0, NULL);
	pipeline_answer(&pipeline, BACKEND_ERROR_RESPONSE);
	cr_expect_null(pipeline.marks);
}

Test(pipeline, grows_and_gives_back)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++)
			pipeline_push(&pipeline, OWED_BIND, 0, NULL);
		for (int i = 0; i < 1000; i++)
			cr_assert(pipeline_answer(&pipeline, BACKEND_BIND_COMPLETE).done);
		cr_expect(pipeline_idle(&pipeline));
		cr_expect_null(pipeline.ring);
	}
}

Test(pipeline, has_a_bound)
{
	for (int i = 0; i < PIPELINE_MAX; i++) {
		cr_assert(!pipeline_full(&pipeline));
		pipeline_push(&pipeline, OWED_EXECUTE, 0, NULL);
	}
	cr_expect(pipeline_full(&pipeline));
}
