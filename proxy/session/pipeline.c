/* SPDX-License-Identifier: PostgreSQL */
#include "pipeline.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "must.h"
#include "wire.h"

struct mark *mark_new(void)
{
	struct mark *mark = must(calloc(1, sizeof(*mark)));

	mark->rows = -1;
	return mark;
}

void mark_free(struct mark *mark)
{
	if (mark == NULL)
		return;
	buffer_clear(&mark->notices);
	buffer_clear(&mark->error);
	free(mark->tag);
	free(mark->note);
	free(mark);
}

void pipeline_init(struct pipeline *pipeline)
{
	*pipeline = (struct pipeline){.capacity = PIPELINE_INLINE};
}

static struct mark *take_mark(struct pipeline *pipeline)
{
	struct mark *mark = pipeline->marks;

	assert(mark != NULL);
	pipeline->marks = mark->next;
	mark->next = NULL;
	return mark;
}

void pipeline_free(struct pipeline *pipeline)
{
	while (pipeline->marks != NULL)
		mark_free(take_mark(pipeline));
	free(pipeline->ring);
	pipeline_init(pipeline);
}

static struct owed *at(struct pipeline *pipeline, uint32_t i)
{
	struct owed *ring = pipeline->ring != NULL ? pipeline->ring : pipeline->small;

	return &ring[(pipeline->start + i) & (pipeline->capacity - 1)];
}

static void grow(struct pipeline *pipeline)
{
	struct owed *ring = must(malloc(2 * pipeline->capacity * sizeof(*ring)));

	for (uint32_t i = 0; i < pipeline->count; i++)
		ring[i] = *at(pipeline, i);
	free(pipeline->ring);
	pipeline->ring = ring;
	pipeline->start = 0;
	pipeline->capacity *= 2;
}

static void append_mark(struct pipeline *pipeline, struct mark *mark)
{
	struct mark **end = &pipeline->marks;

	/* Few at a time: a mark means a guarded statement. */
	while (*end != NULL)
		end = &(*end)->next;
	*end = mark;
}

/* Extended messages leave a batch open until Sync; PostgresMain's doing_extended_query_message. */
static const bool extended[] = {
	[OWED_PARSE] = true,
	[OWED_BIND] = true,
	[OWED_DESCRIBE] = true,
	[OWED_EXECUTE] = true,
	[OWED_CLOSE] = true,
	[OWED_COPY_END] = false,
};

bool pipeline_push(
	struct pipeline *pipeline, enum owed_kind kind, unsigned flags, struct mark *mark)
{
	if (kind == OWED_SYNC) {
		pipeline->batch_open = false;
		pipeline->batch_executes = 0;
		/* CopyGetData ignores Sync while it reads CopyData. */
		pipeline->copy_synced = pipeline->copy_synced || pipeline->copying_in;
		if (pipeline->copying_in)
			return false;
		pipeline->skipping = false;
		if (pipeline->unsure && pipeline->count == 0) {
			pipeline->unsure_ready = true;
			return false;
		}
	} else if (pipeline->skipping) {
		return false;
	} else if (kind == OWED_COPY_END) {
		pipeline->copying_in = false;
		/* Out of COPY the server ignores CopyDone; before its CopyInResponse we cannot know
		 * yet. */
		if (pipeline->count == 0)
			return false;
	} else {
		pipeline->batch_open = extended[kind];
		if (!extended[kind])
			pipeline->batch_executes = 0;
		else if (kind == OWED_EXECUTE && !(flags & OWED_SWALLOW))
			pipeline->batch_executes++;
	}
	if (pipeline->count == pipeline->capacity)
		grow(pipeline);
	*at(pipeline, pipeline->count++) =
		(struct owed){kind, (uint8_t)(flags | (mark != NULL ? OWED_MARKED : 0))};
	pipeline->special += flags != 0 || mark != NULL;
	if (mark != NULL)
		append_mark(pipeline, mark);
	return true;
}

static struct mark *pop(struct pipeline *pipeline)
{
	struct mark *mark = at(pipeline, 0)->flags & OWED_MARKED ? take_mark(pipeline) : NULL;

	pipeline->special -= at(pipeline, 0)->flags != 0;
	pipeline->start = (pipeline->start + 1) & (pipeline->capacity - 1);
	pipeline->count--;
	if (pipeline->count == 0 && pipeline->ring != NULL) {
		free(pipeline->ring);
		pipeline->ring = NULL;
		pipeline->start = 0;
		pipeline->capacity = PIPELINE_INLINE;
	}
	return mark;
}

struct owed *pipeline_head(struct pipeline *pipeline)
{
	while (pipeline->count > 0 && at(pipeline, 0)->kind == OWED_COPY_END)
		pop(pipeline);
	return pipeline->count > 0 ? at(pipeline, 0) : NULL;
}

/* After an error in an extended message the server drops all up to Sync, simple queries too. */
static void skip_to_sync(struct pipeline *pipeline)
{
	while (pipeline->count > 0 && at(pipeline, 0)->kind != OWED_SYNC)
		mark_free(pop(pipeline));
	if (pipeline->count == 0)
		pipeline->skipping = true;
	pipeline->copying_in = false;
}

/* The server reads CopyData from here on: Syncs sent before its end bring no ReadyForQuery. */
static void enter_copy_in(struct pipeline *pipeline)
{
	uint32_t kept = 1, i = 1;

	for (; i < pipeline->count && at(pipeline, i)->kind != OWED_COPY_END; i++)
		if (at(pipeline, i)->kind != OWED_SYNC)
			*at(pipeline, kept++) = *at(pipeline, i);
		else
			pipeline->special -= at(pipeline, i)->flags != 0;
	pipeline->copying_in = i == pipeline->count;
	pipeline->in_copy = true;
	pipeline->copy_synced = kept < i;
	for (; i < pipeline->count; i++)
		*at(pipeline, kept++) = *at(pipeline, i);
	pipeline->count = kept;
}

/* It read all up to the end of its data; another COPY of the same Query has an end of its own. */
static void leave_copy_in(struct pipeline *pipeline)
{
	uint32_t i = 1;

	pipeline->in_copy = pipeline->copy_synced = pipeline->copying_in = false;
	while (i < pipeline->count && at(pipeline, i)->kind != OWED_COPY_END)
		i++;
	if (i == pipeline->count)
		return;
	for (; i + 1 < pipeline->count; i++)
		*at(pipeline, i) = *at(pipeline, i + 1);
	pipeline->count--;
}

/* False when more than Syncs and ends of data was sent behind the first kept entries. */
static bool become_unsure(struct pipeline *pipeline, uint32_t kept)
{
	pipeline->unsure = true;
	pipeline->unsure_ready = false;
	for (uint32_t i = kept; i < pipeline->count; i++) {
		if (at(pipeline, i)->kind == OWED_SYNC)
			pipeline->unsure_ready = true;
		else if (at(pipeline, i)->kind != OWED_COPY_END)
			return false;
		pipeline->special -= at(pipeline, i)->flags != 0;
	}
	pipeline->count = kept;
	return true;
}

bool pipeline_ask(struct pipeline *pipeline)
{
	if (!pipeline->unsure_ready)
		return false;
	pipeline->asked = true;
	return pipeline_push(pipeline, OWED_CLOSE, OWED_SWALLOW, NULL);
}

/* Each kind of answer as one bit, so that a set of them is a mask. */
enum answer_bit {
	ANSWER_PARSE_COMPLETE = 1 << 0,
	ANSWER_BIND_COMPLETE = 1 << 1,
	ANSWER_CLOSE_COMPLETE = 1 << 2,
	ANSWER_NO_DATA = 1 << 3,
	ANSWER_ROW_DESCRIPTION = 1 << 4,
	ANSWER_PARAMETER_DESCRIPTION = 1 << 5,
	ANSWER_DATA_ROW = 1 << 6,
	ANSWER_COMMAND_COMPLETE = 1 << 7,
	ANSWER_EMPTY = 1 << 8,
	ANSWER_SUSPENDED = 1 << 9,
	ANSWER_COPY_START = 1 << 10,
	ANSWER_COPY = 1 << 11,
	ANSWER_FUNCTION = 1 << 12,
	ANSWER_READY = 1 << 13,
	ANSWERS_OF_STATEMENT = ANSWER_DATA_ROW | ANSWER_COPY_START | ANSWER_COPY,
	ENDS_OF_STATEMENT = ANSWER_COMMAND_COMPLETE | ANSWER_EMPTY | ANSWER_SUSPENDED,
};

static const uint16_t answer_bits[256] = {
	[BACKEND_PARSE_COMPLETE] = ANSWER_PARSE_COMPLETE,
	[BACKEND_BIND_COMPLETE] = ANSWER_BIND_COMPLETE,
	[BACKEND_CLOSE_COMPLETE] = ANSWER_CLOSE_COMPLETE,
	[BACKEND_NO_DATA] = ANSWER_NO_DATA,
	[BACKEND_ROW_DESCRIPTION] = ANSWER_ROW_DESCRIPTION,
	[BACKEND_PARAMETER_DESCRIPTION] = ANSWER_PARAMETER_DESCRIPTION,
	[BACKEND_DATA_ROW] = ANSWER_DATA_ROW,
	[BACKEND_COMMAND_COMPLETE] = ANSWER_COMMAND_COMPLETE,
	[BACKEND_EMPTY_QUERY_RESPONSE] = ANSWER_EMPTY,
	[BACKEND_PORTAL_SUSPENDED] = ANSWER_SUSPENDED,
	[BACKEND_COPY_IN_RESPONSE] = ANSWER_COPY_START,
	[BACKEND_COPY_OUT_RESPONSE] = ANSWER_COPY_START,
	[BACKEND_COPY_BOTH_RESPONSE] = ANSWER_COPY_START,
	[BACKEND_COPY_DATA] = ANSWER_COPY,
	[BACKEND_COPY_DONE] = ANSWER_COPY,
	[BACKEND_FUNCTION_CALL_RESPONSE] = ANSWER_FUNCTION,
	[BACKEND_READY_FOR_QUERY] = ANSWER_READY,
};

/* Which answers end an entry, and which may come before its end. */
static const struct {
	uint16_t end, between;
} expected[] = {
	[OWED_PARSE] = {ANSWER_PARSE_COMPLETE, 0},
	[OWED_BIND] = {ANSWER_BIND_COMPLETE, 0},
	[OWED_DESCRIBE] = {ANSWER_ROW_DESCRIPTION | ANSWER_NO_DATA, ANSWER_PARAMETER_DESCRIPTION},
	[OWED_EXECUTE] = {ENDS_OF_STATEMENT, ANSWERS_OF_STATEMENT},
	[OWED_CLOSE] = {ANSWER_CLOSE_COMPLETE, 0},
	[OWED_QUERY] = {ANSWER_READY,
		ENDS_OF_STATEMENT | ANSWERS_OF_STATEMENT | ANSWER_ROW_DESCRIPTION},
	[OWED_FUNCTION] = {ANSWER_READY, ANSWER_FUNCTION},
	[OWED_SYNC] = {ANSWER_READY, 0},
};

static struct answer error_answer(struct pipeline *pipeline, struct answer answer)
{
	bool synced_copy = pipeline->in_copy && pipeline->copy_synced;

	pipeline->in_copy = pipeline->copy_synced = false;
	/* A Query or FunctionCall ends with its own ReadyForQuery; an error at Sync is one of
	 * COMMIT. */
	if (answer.owed.kind == OWED_QUERY || answer.owed.kind == OWED_FUNCTION ||
		answer.owed.kind == OWED_SYNC) {
		pipeline->copying_in = false;
		answer.lost = synced_copy && !become_unsure(pipeline, 1);
		return answer;
	}
	answer.mark = pop(pipeline);
	answer.done = true;
	if (synced_copy) {
		pipeline->copying_in = false;
		answer.lost = !become_unsure(pipeline, 0);
	} else {
		skip_to_sync(pipeline);
	}
	return answer;
}

/* The server reads on: it skips nothing any more. */
static void ready_again(struct pipeline *pipeline)
{
	pipeline->skipping = false;
	pipeline->unsure_ready = pipeline->unsure;
}

struct answer pipeline_answer(struct pipeline *pipeline, uint8_t type)
{
	struct owed *head = pipeline_head(pipeline);
	struct answer answer = {.known = head != NULL};

	if (type == BACKEND_READY_FOR_QUERY && (head == NULL || pipeline->unsure))
		ready_again(pipeline);
	if (head == NULL) {
		answer.unexpected = type != BACKEND_ERROR_RESPONSE && !pipeline->unsure;
		return answer;
	}
	answer.owed = *head;
	answer.mark = head->flags & OWED_MARKED ? pipeline->marks : NULL;
	if (type == BACKEND_ERROR_RESPONSE)
		return error_answer(pipeline, answer);
	if (type == BACKEND_COMMAND_COMPLETE && pipeline->in_copy)
		leave_copy_in(pipeline);
	if (expected[head->kind].end & answer_bits[type]) {
		answer.mark = pop(pipeline);
		answer.done = true;
	} else if (!(expected[head->kind].between & answer_bits[type])) {
		answer.unexpected = true;
	}
	if (type == BACKEND_COPY_IN_RESPONSE || type == BACKEND_COPY_BOTH_RESPONSE)
		enter_copy_in(pipeline);
	if (answer.done && pipeline->asked)
		pipeline->asked = pipeline->unsure = pipeline->batch_open = false;
	return answer;
}
