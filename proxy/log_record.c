/* SPDX-License-Identifier: PostgreSQL */
#include "log_record.h"

#include <string.h>

json_t *log_record_new(const char *event)
{
	return json_pack("{s:i, s:s, s:s}", "seq", 0, "time", "", "event", event);
}

/* JSON is UTF-8, and a client's text is whatever it sent: what is not valid loses its bytes above
 * 127. */
static json_t *text_value(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);
	char *ascii;

	if (value != NULL)
		return value;
	ascii = strndup(text, len);
	for (size_t i = 0; i < len; i++)
		ascii[i] = (signed char)text[i] < 0 ? '?' : text[i];
	value = json_stringn(ascii, len);
	free(ascii);
	return value;
}

static size_t cut_between_characters(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static json_t *bounded_text(const char *text, size_t len, bool *cut)
{
	*cut = *cut || len > LOG_TEXT_BYTES_MAX;
	if (len > LOG_TEXT_BYTES_MAX)
		len = cut_between_characters(text, LOG_TEXT_BYTES_MAX);
	return text_value(text, len);
}

/* What is not known is not in the record. */
static void add_text_n(json_t *record, const char *key, const char *text, size_t len)
{
	bool cut = false;

	if (text == NULL)
		return;
	json_object_set_new(record, key, bounded_text(text, len, &cut));
	if (cut)
		json_object_set_new(record, "cut", json_true());
}

static void add_text(json_t *record, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		add_text_n(record, key, text, strlen(text));
}

static void add_number(json_t *record, const char *key, int64_t value)
{
	json_object_set_new(record, key, json_integer((json_int_t)value));
}

static void add_ms(json_t *record, const char *key, int64_t us)
{
	json_object_set_new(record, key, json_real((double)us / 1000.0));
}

static void add_mode(json_t *record, bool observe)
{
	add_text(record, "mode", observe ? "observe" : "enforce");
}

static void add_subject(json_t *record, const struct log_subject *subject)
{
	add_number(record, "session", (int64_t)subject->session);
	add_text(record, "client", subject->client_address);
	add_text(record, "user", subject->user);
	add_text(record, "database", subject->database);
	add_text(record, "application", subject->application);
	add_text(record, "tls_subject", subject->tls_subject);
}

static json_t *finding_value(const struct finding *finding)
{
	json_t *value = json_object();

	if (finding->rule != NULL)
		add_text(value, "rule", finding->rule->id);
	add_text(value, "verdict", verdict_name(finding->verdict));
	add_text(value, "message", finding->message);
	return value;
}

static void add_left_out(json_t *record, const char *key, size_t n)
{
	if (n > LOG_LIST_MAX)
		add_number(record, key, (int64_t)(n - LOG_LIST_MAX));
}

static size_t at_most(size_t n)
{
	return n > LOG_LIST_MAX ? LOG_LIST_MAX : n;
}

static void add_findings(json_t *record, const struct decision *decision)
{
	json_t *list = json_array();

	for (size_t i = 0; i < at_most(decision->n_findings); i++)
		json_array_append_new(list, finding_value(&decision->findings[i]));
	json_object_set_new(record, "findings", list);
	add_left_out(record, "findings_left_out", decision->n_findings);
}

static void add_objects(json_t *record, const struct decision *decision)
{
	json_t *list = json_array();

	for (size_t i = 0; i < at_most(decision->n_objects); i++)
		json_array_append_new(
			list, text_value(decision->objects[i], strlen(decision->objects[i])));
	json_object_set_new(record, "objects", list);
	add_left_out(record, "objects_left_out", decision->n_objects);
}

/* The SQL that runs in place of the client's. */
static void add_rewritten(json_t *record, const struct decision *decision)
{
	const struct plan *plan = decision->plan;
	json_t *list;
	bool cut = false;

	if (decision->lock_timeout_ms > 0)
		add_number(record, "lock_timeout_ms", decision->lock_timeout_ms);
	if (plan == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < at_most(plan->n_steps); i++)
		json_array_append_new(
			list, bounded_text(plan->steps[i].sql, strlen(plan->steps[i].sql), &cut));
	json_object_set_new(record, "rewritten", list);
	add_left_out(record, "rewritten_left_out", plan->n_steps);
	if (cut)
		json_object_set_new(record, "cut", json_true());
}

json_t *log_record_decision(const struct log_subject *subject, const struct stmts *stmts,
	const char *raw_text, size_t raw_len, const struct decision *decision, int64_t change_id,
	bool observe)
{
	json_t *record = log_record_new("decision");

	add_mode(record, observe);
	add_text(record, "verdict", verdict_name(decision->verdict));
	add_text(record, "sqlstate", decision->sqlstate);
	if (decision->lane_by != NULL) {
		add_text(record, "lane", "backfill");
		add_text(record, "lane_by", decision->lane_by);
	}
	add_subject(record, subject);
	if (stmts != NULL) {
		add_text(record, "fingerprint", stmts->fingerprint);
		add_text(record, "normalized", stmts->normalized);
	}
	add_number(record, "text_bytes", (int64_t)raw_len);
	add_text_n(record, "text", raw_text, raw_len);
	add_objects(record, decision);
	add_findings(record, decision);
	add_rewritten(record, decision);
	if (change_id > 0)
		add_number(record, "change", change_id);
	add_text(record, "approved_by", decision->approved_by);
	add_text(record, "approved_at", decision->approved_at);
	return record;
}

json_t *log_record_outcome(
	const struct log_subject *subject, uint64_t of, const struct log_outcome *outcome)
{
	json_t *record = log_record_new("outcome");

	add_number(record, "decision", (int64_t)of);
	add_text(record, "sqlstate", outcome->sqlstate);
	if (outcome->rows >= 0)
		add_number(record, "rows", outcome->rows);
	add_ms(record, "duration_ms", outcome->duration_us);
	if (outcome->in_lane)
		add_ms(record, "waited_ms", outcome->waited_us);
	add_text(record, "note", outcome->note);
	add_subject(record, subject);
	return record;
}

json_t *log_record_event(const char *event, const char *detail, bool observe)
{
	json_t *record = log_record_new(event);

	add_mode(record, observe);
	add_text(record, "detail", detail);
	return record;
}
