/* SPDX-License-Identifier: PostgreSQL */
#include "notice.h"

#include <inttypes.h>

#include "arena.h"
#include "change.h"
#include "config.h"
#include "hold.h"
#include "relay.h"
#include "session.h"

void notice_send(struct session *session, const char *severity, const char *sqlstate,
	const char *message, const char *detail)
{
	struct buffer out = {0};
	struct wire_error notice = {
		.severity = severity,
		.severity_plain = severity,
		.sqlstate = sqlstate,
		.message = message,
		.detail = detail,
	};

	if (!session->config->notices || session->ended)
		return;
	wire_put_error(&out, BACKEND_NOTICE_RESPONSE, &notice);
	relay_send_client(session, buffer_at(&out), buffer_len(&out));
	buffer_clear(&out);
}

void notice_progress(struct session *session, const char *text)
{
	/* Nor in the middle of a message of the server's. */
	if (buffer_len(&session->to_client.unsent) == 0 && session->to_client.skip == 0)
		notice_send(session, "NOTICE", "00000", text, NULL);
}

static const char *where(struct arena *arena, const char *rule, uint64_t record)
{
	return arena_printf(arena, "phasegate policy log record %" PRIu64 "%s%s%s", record,
		rule == NULL ? "" : " (rule ", rule == NULL ? "" : rule, rule == NULL ? "" : ")");
}

struct wire_error notice_refusal(
	struct arena *arena, const struct decision *decision, uint64_t record)
{
	const struct finding *cause = decision->cause;

	return (struct wire_error){
		.severity = "ERROR",
		.severity_plain = "ERROR",
		.sqlstate = decision->sqlstate != NULL ? decision->sqlstate : SQLSTATE_REJECTED,
		.message = cause->message,
		.detail = cause->detail,
		.hint = cause->hint,
		.where = where(arena, cause->rule != NULL ? cause->rule->id : NULL, record),
	};
}

static const char *text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

static const char *until(struct arena *arena, const char *time)
{
	return time == NULL ? "" : arena_printf(arena, " until %s", time);
}

struct wire_error notice_held(struct arena *arena, const struct decision *decision,
	const struct hold_answer *answer, uint64_t record)
{
	struct wire_error error = notice_refusal(arena, decision, record);
	const struct plan *plan = decision->approved->plan;
	long long id = (long long)answer->id;

	error.message = arena_printf(
		arena, "held for approval as change %lld: %s", id, decision->cause->message);
	error.detail = arena_printf(arena, "%s%s%s%s%s", text_or_none(error.detail),
		error.detail == NULL ? "" : " ",
		plan == NULL ? "Once approved, it runs as it is."
			     : arena_printf(arena, "Once approved, it is carried out so: %s.",
				       plan->summary),
		answer->remark == NULL ? "" : " ", text_or_none(answer->remark));
	error.hint = arena_printf(arena,
		"An operator approves it by phasegate approve %lld, or SELECT "
		"phasegate.approve(%lld)%s; then send the same statement again.%s%s",
		id, id, until(arena, answer->expires_at), plan == NULL ? "\nInstead: " : "",
		plan == NULL ? text_or_none(decision->cause->hint) : "");
	return error;
}

struct wire_error notice_change_error(
	struct arena *arena, const struct change_outcome *outcome, uint64_t record)
{
	return (struct wire_error){
		.severity = "ERROR",
		.severity_plain = "ERROR",
		.sqlstate = arena_strdup(arena,
			outcome->sqlstate != NULL ? outcome->sqlstate : SQLSTATE_CHANGE_FAILED),
		.message = arena_strdup(
			arena, outcome->message != NULL ? outcome->message : "the change failed"),
		.detail = arena_strdup(arena, outcome->detail),
		.hint = arena_strdup(arena, outcome->hint),
		.where = arena_printf(arena,
			"phasegate change %" PRId64 ", policy log record %" PRIu64, outcome->id,
			record),
	};
}

void notice_put_warnings(struct buffer *out, const struct decision *decision)
{
	for (size_t i = 0; i < decision->n_findings; i++) {
		const struct finding *finding = &decision->findings[i];
		struct wire_error notice = {
			.severity = "WARNING",
			.severity_plain = "WARNING",
			.sqlstate = "01000",
			.message = finding->message,
			.detail = finding->detail,
			.hint = finding->hint,
		};

		if (finding->verdict >= VERDICT_WARN)
			wire_put_error(out, BACKEND_NOTICE_RESPONSE, &notice);
	}
}
