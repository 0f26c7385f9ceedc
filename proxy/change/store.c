/* SPDX-License-Identifier: PostgreSQL */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "store_text.h"

/* "pgct": upper half of the lock's key.  pg_locks shows the halves as classid and objid. */
#define LOCK_CLASS 1885823860
#define TEXT_OF(macro) #macro
#define LITERAL(macro) TEXT_OF(macro)

static bool truth(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == 't';
}

static int64_t integer(const PGresult *result, int row, int column)
{
	return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

int store_record(struct control *control, const char *document, const char *submitter,
	const char *session_user, struct recorded *recorded)
{
	PGresult *result = CONTROL_QUERY(control,
		"SELECT r.id, r.existing, r.same FROM pg_catalog.pg_roles s,"
		" LATERAL phasegate.record($1::pg_catalog.jsonb, s.oid, $3::pg_catalog.name, "
		"false) r"
		" WHERE s.rolname = $2::pg_catalog.name",
		document, submitter, session_user);

	if (result == NULL)
		return -1;
	if (PQntuples(result) == 1)
		*recorded = (struct recorded){
			integer(result, 0, 0), truth(result, 0, 1), truth(result, 0, 2)};
	else
		control_fail(control, "42704", "role \"%s\" does not exist", submitter);
	PQclear(result);
	return recorded->id != 0 ? 0 : -1;
}

/* For the one who met the change in the way of another. */
static const char *way_past(struct arena *arena, int64_t id, bool soaking, bool owned)
{
	if (soaking)
		return arena_printf(arena,
			"It waits for its release: phasegate release %lld ends it, phasegate abort "
			"%lld takes it back.",
			(long long)id, (long long)id);
	if (owned)
		return "Wait for it to end.";
	return "Nobody works on it now. Send its statement again, as the same role and under the "
	       "same search_path, and it goes on.";
}

int store_describe(struct control *control, struct arena *arena, int64_t id, const char **text,
	const char **hint)
{
	char id_text[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(control,
		"SELECT pg_catalog.format('change %s: %s (state %s, begun %s ago)', c.id,"
		" CASE WHEN pg_catalog.length(c.original_sql) > 120"
		" THEN pg_catalog.left(c.original_sql, 117) || '...' ELSE c.original_sql END, "
		"c.state,"
		" pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - c.submitted_at)),"
		" c.state = 'soaking',"
		" EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory'"
		" AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d"
		" WHERE d.datname = pg_catalog.current_database())"
		" AND l.objsubid = 1 AND l.classid = " LITERAL(
			LOCK_CLASS) " AND l.objid::pg_catalog.int8 ="
				    " (c.id & 4294967295))"
				    " FROM phasegate.change c WHERE c.id = $1::pg_catalog.int8",
		number(id_text, id));
	bool found;

	if (result == NULL)
		return -1;
	found = PQntuples(result) == 1;
	*text = found ? control_value(arena, result, 0, 0)
		      : arena_printf(arena, "change %lld", (long long)id);
	*hint = way_past(arena, id, found && truth(result, 0, 1), found && truth(result, 0, 2));
	PQclear(result);
	return 0;
}

static const char *lock_key(char buffer[NUMBER_BYTES], int64_t id)
{
	return number(
		buffer, (int64_t)(((uint64_t)LOCK_CLASS << 32) | ((uint64_t)id & 0xffffffff)));
}

int store_lock(struct control *control, int64_t id, bool *locked)
{
	char key[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(control,
		"SELECT pg_catalog.pg_try_advisory_lock($1::pg_catalog.int8)", lock_key(key, id));

	if (result == NULL)
		return -1;
	*locked = truth(result, 0, 0);
	PQclear(result);
	return 0;
}

void store_unlock(struct control *control, int64_t id)
{
	char key[NUMBER_BYTES];

	PQclear(CONTROL_QUERY(control, "SELECT pg_catalog.pg_advisory_unlock($1::pg_catalog.int8)",
		lock_key(key, id)));
}

const char *const step_status_names[] = {
	[STATUS_PENDING] = "pending",
	[STATUS_INTENT] = "intent",
	[STATUS_DONE] = "done",
	[STATUS_UNDONE] = "undone",
	[STATUS_FAILED] = "failed",
};

static enum step_status status_from(const char *name)
{
	enum step_status status = STATUS_PENDING;

	while (status < STATUS_FAILED && strcmp(step_status_names[status], name) != 0)
		status++;
	return status;
}

static enum step_kind kind_from(const char *name)
{
	enum step_kind kind = STEP_CATALOG;

	while (kind < STEP_SOAK && strcmp(step_kind_name(kind), name) != 0)
		kind++;
	return kind;
}

static int load_steps(struct control *control, struct arena *arena, struct change_record *change)
{
	char id[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(control,
		"SELECT ord, kind, sql, undo, probe, repair, repair_when, lock_mode, purpose,"
		" with_previous, by_client, status, fill_schema, fill_table, fill_set, "
		"fill_pending,"
		" skipped, final, bulk ->> 'schema', bulk ->> 'table', bulk ->> 'alias', bulk ->> "
		"'set',"
		" bulk ->> 'where', bulk ->> 'key', bulk ->> 'settings'"
		" FROM phasegate.step WHERE change_id = $1::pg_catalog.int8 ORDER BY ord",
		number(id, change->id));

	if (result == NULL)
		return -1;
	change->n_steps = (size_t)PQntuples(result);
	change->steps = arena_alloc(arena, (change->n_steps + 1) * sizeof(*change->steps));
	for (int i = 0; i < PQntuples(result); i++)
		change->steps[i] = (struct step_record){
			.ord = (int)integer(result, i, 0),
			.kind = kind_from(PQgetvalue(result, i, 1)),
			.sql = control_value(arena, result, i, 2),
			.undo = control_value(arena, result, i, 3),
			.probe = control_value(arena, result, i, 4),
			.repair = control_value(arena, result, i, 5),
			.repair_when = control_value(arena, result, i, 6),
			.lock = control_value(arena, result, i, 7),
			.purpose = control_value(arena, result, i, 8),
			.with_previous = truth(result, i, 9),
			.by_client = truth(result, i, 10),
			.status = status_from(PQgetvalue(result, i, 11)),
			.fill.table.schema = control_value(arena, result, i, 12),
			.fill.table.name = control_value(arena, result, i, 13),
			.fill.set_sql = control_value(arena, result, i, 14),
			.fill.pending_sql = control_value(arena, result, i, 15),
			.skipped = truth(result, i, 16),
			.final = truth(result, i, 17),
			.bulk.table.schema = control_value(arena, result, i, 18),
			.bulk.table.name = control_value(arena, result, i, 19),
			.bulk.alias = control_value(arena, result, i, 20),
			.bulk.set_sql = control_value(arena, result, i, 21),
			.bulk.where_sql = control_value(arena, result, i, 22),
			.bulk.key_sql = control_value(arena, result, i, 23),
			.bulk.settings_sql = control_value(arena, result, i, 24),
			.resumed = status_from(PQgetvalue(result, i, 11)) == STATUS_INTENT,
		};
	PQclear(result);
	return 0;
}

/* A terminal change is read, not claimed. */
static int load_change(struct control *control, struct arena *arena, int64_t id,
	const struct claim *claim, struct change_record *change)
{
	char id_text[NUMBER_BYTES], lease[NUMBER_BYTES], version[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(control,
		"UPDATE phasegate.change SET"
		" keep_bad_rows = COALESCE(keep_bad_rows, $4::pg_catalog.bool),"
		" owner = CASE WHEN finished_at IS NULL THEN $2::pg_catalog.uuid ELSE owner END,"
		" epoch = CASE WHEN finished_at IS NULL THEN epoch + 1 ELSE epoch END,"
		" lease_until = CASE WHEN finished_at IS NULL THEN pg_catalog.clock_timestamp()"
		"  + $3::pg_catalog.int4 * interval '1 ms' END,"
		" owner_pid = CASE WHEN finished_at IS NULL THEN pg_catalog.pg_backend_pid()"
		"  ELSE owner_pid END,"
		" owner_backend_start = CASE WHEN finished_at IS NULL THEN"
		"  (SELECT backend_start FROM pg_catalog.pg_stat_activity"
		"  WHERE pid = pg_catalog.pg_backend_pid()) ELSE owner_backend_start END"
		" WHERE id = $1::pg_catalog.int8"
		" AND (plan_version <= $5::pg_catalog.int4 OR finished_at IS NOT NULL)"
		" AND NOT ($6::pg_catalog.bool AND wanted IS NULL"
		"  AND state IN ('needs_fix', 'needs_attention'))"
		" RETURNING epoch, relid, nspname, relname, state, summary, original_sql, "
		"search_path,"
		" submitter, stopped_by_cancel, in_transaction, error_sqlstate, error_message,"
		" error_detail, error_hint, moved_nspname, moved_relname,"
		" wanted IS NOT DISTINCT FROM 'abort', wanted IS NOT DISTINCT FROM 'release'"
		" OR state = 'soaking' AND release_at < pg_catalog.clock_timestamp(),"
		" bad_table, bad_rows, fix, keep_bad_rows",
		number(id_text, id), claim->owner, number(lease, claim->lease_ms),
		claim->keep_bad_rows ? "true" : "false", number(version, PLAN_VERSION),
		claim->if_wanted ? "true" : "false");
	const char *sqlstate;

	if (result == NULL)
		return -1;
	*change = (struct change_record){0};
	if (PQntuples(result) == 1) {
		*change = (struct change_record){
			.id = id,
			.relid = (uint32_t)integer(result, 0, 1),
			.table.schema = control_value(arena, result, 0, 2),
			.table.name = control_value(arena, result, 0, 3),
			.state = control_value(arena, result, 0, 4),
			.summary = control_value(arena, result, 0, 5),
			.original_sql = control_value(arena, result, 0, 6),
			.search_path = control_value(arena, result, 0, 7),
			.submitter = (uint32_t)integer(result, 0, 8),
			.stopped_by_cancel = truth(result, 0, 9),
			.inside = truth(result, 0, 10),
			.error.message = control_value(arena, result, 0, 12),
			.error.detail = control_value(arena, result, 0, 13),
			.error.hint = control_value(arena, result, 0, 14),
			.moved.schema = control_value(arena, result, 0, 15),
			.moved.name = control_value(arena, result, 0, 16),
			.abort = truth(result, 0, 17),
			.released = truth(result, 0, 18),
			.bad_table = control_value(arena, result, 0, 19),
			.bad_rows = control_value(arena, result, 0, 20),
			.fix = control_value(arena, result, 0, 21),
			.keep_bad_rows = truth(result, 0, 22),
		};
		snprintf(change->epoch, sizeof(change->epoch), "%s", PQgetvalue(result, 0, 0));
		sqlstate = PQgetvalue(result, 0, 11);
		snprintf(change->error.sqlstate, sizeof(change->error.sqlstate), "%s", sqlstate);
	}
	PQclear(result);
	return 0;
}

bool change_is_live(const struct change_record *change)
{
	static const char *const live[] = {
		"submitted", "running", "soaking", "needs_fix", "needs_attention", "undoing"};

	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++)
		if (change->state != NULL && strcmp(change->state, live[i]) == 0)
			return true;
	return false;
}

int store_assume(struct control *control, const struct change_record *change)
{
	char id[NUMBER_BYTES], role[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(control,
		"SELECT phasegate.assume($1::pg_catalog.int8, $2::pg_catalog.oid)",
		number(id, change->id), number(role, change->submitter));

	PQclear(result);
	return result == NULL ? -1 : 0;
}

int store_claim(struct control *control, struct arena *arena, int64_t id, const struct claim *claim,
	struct change_record *change, bool *found)
{
	if (control_exec(control, "BEGIN") < 0)
		return -1;
	if (load_change(control, arena, id, claim, change) < 0)
		goto failed;
	*found = change->id != 0;
	if (*found && load_steps(control, arena, change) < 0)
		goto failed;
	return control_commit(control);
failed:
	control_rollback(control);
	return -1;
}

int store_unclaimed(struct control *control, int64_t id, bool *there, int *later)
{
	char id_text[NUMBER_BYTES], known[NUMBER_BYTES];
	PGresult *result = CONTROL_QUERY(control,
		"WITH later AS (UPDATE phasegate.change SET"
		"  waiting_for = '" STORE_LATER_PHASEGATE "',"
		"  waiting_since = CASE WHEN waiting_for = '" STORE_LATER_PHASEGATE "'"
		"   THEN waiting_since ELSE pg_catalog.clock_timestamp() END"
		"  WHERE id = $1::pg_catalog.int8 AND plan_version > $2::pg_catalog.int4"
		"  RETURNING plan_version)"
		" SELECT COALESCE((SELECT plan_version FROM later), 0), EXISTS"
		" (SELECT FROM phasegate.change WHERE id = $1::pg_catalog.int8)",
		number(id_text, id), number(known, PLAN_VERSION));

	if (result == NULL)
		return -1;
	*later = (int)integer(result, 0, 0);
	*there = truth(result, 0, 1);
	PQclear(result);
	return 0;
}
