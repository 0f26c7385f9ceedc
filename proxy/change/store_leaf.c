/* SPDX-License-Identifier: PostgreSQL */
/*
 * The part of the record that moves with every batch.  A table's leaves are itself and all that
 * inherit from it, partitions included, as far as they have rows of their own.
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* Leaves that came since (a partition attached meanwhile) get their row here.  How many rows they
 * have is what the planner takes for it: as many in a block as when they were analyzed last. */
static const char leaves_sql[] =
	"WITH RECURSIVE tree (oid) AS ("
	"  SELECT pg_catalog.to_regclass($4)::pg_catalog.oid UNION"
	"  SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree t ON i.inhparent = t.oid),"
	" held AS (SELECT id FROM phasegate.change WHERE id = $1::pg_catalog.int8"
	"  AND epoch = $2::pg_catalog.int8 FOR UPDATE)"
	" INSERT INTO phasegate.backfill AS f (change_id, ord, relid, nspname, relname, "
	"key_columns,"
	"  est_rows, batch_rows)"
	" SELECT held.id, $3::pg_catalog.int4, c.oid, n.nspname, c.relname, '{}',"
	"  CASE WHEN c.reltuples >= 0 AND c.relkind = 'f' THEN c.reltuples"
	"  WHEN c.reltuples >= 0 AND c.relpages > 0 THEN c.reltuples / c.relpages"
	"   * (pg_catalog.pg_relation_size(c.oid)"
	"    / pg_catalog.current_setting('block_size')::pg_catalog.int8)"
	"  ELSE pg_catalog.pg_relation_size(c.oid) / 100 END, $5::pg_catalog.int4"
	" FROM held, tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relkind IN ('r', 'f')"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE NOT $6::pg_catalog.bool OR NOT EXISTS (SELECT FROM phasegate.backfill b"
	"  WHERE b.change_id = held.id AND b.ord = $3::pg_catalog.int4)"
	" ON CONFLICT (change_id, ord, relid) DO NOTHING";

static const char read_sql[] =
	"SELECT f.relid, f.nspname, f.relname, f.last_key, f.hi_key, f.pass, f.pass_changed,"
	" f.rows_changed, f.batches, f.throttled_ms, f.est_rows, f.batch_rows, f.avg_rows, "
	"f.avg_ms,"
	" f.done, c.relkind FROM phasegate.backfill f JOIN pg_catalog.pg_class c ON c.oid = f.relid"
	" WHERE f.change_id = $1::pg_catalog.int8 AND f.ord = $2::pg_catalog.int4 ORDER BY f.relid";

static void read_leaf(
	struct arena *arena, const PGresult *result, int row, struct leaf_record *leaf)
{
	const char *numbers[14];

	for (int i = 0; i < 14; i++)
		numbers[i] = PQgetvalue(result, row, i);
	*leaf = (struct leaf_record){
		.relid = (uint32_t)strtoul(numbers[0], NULL, 10),
		.table.schema = control_value(arena, result, row, 1),
		.table.name = control_value(arena, result, row, 2),
		.last_key = control_value(arena, result, row, 3),
		.hi_key = control_value(arena, result, row, 4),
		.pass = atoi(numbers[5]),
		.pass_changed = strtoll(numbers[6], NULL, 10),
		.rows_changed = strtoll(numbers[7], NULL, 10),
		.batches = strtoll(numbers[8], NULL, 10),
		.throttled_ms = strtoll(numbers[9], NULL, 10),
		.est_rows = strtod(numbers[10], NULL),
		.pace.rows = atoi(numbers[11]),
		.pace.avg_rows = strtod(numbers[12], NULL),
		.pace.avg_ms = strtod(numbers[13], NULL),
		.done = PQgetvalue(result, row, 14)[0] == 't',
	};
}

static int read_leaves(struct control *control, struct arena *arena, const char *id,
	const char *ord, struct leaf_record **leaves, size_t *n)
{
	PGresult *result = CONTROL_QUERY(control, read_sql, id, ord);
	int status = 0;

	if (result == NULL)
		return -1;
	*n = (size_t)PQntuples(result);
	*leaves = arena_alloc(arena, (*n + 1) * sizeof(**leaves));
	for (int i = 0; i < (int)*n && status == 0; i++) {
		read_leaf(arena, result, i, &(*leaves)[i]);
		if (PQgetvalue(result, i, 15)[0] == 'f') {
			control_fail(control, "42809",
				"cannot fill foreign table \"%s\" in batches",
				(*leaves)[i].table.name);
			status = -1;
		}
	}
	PQclear(result);
	return status;
}

int store_leaves(struct control *control, struct arena *arena, const struct change_record *change,
	const struct step_record *step, int rows_first, struct leaf_record **leaves, size_t *n)
{
	const char *id = arena_printf(arena, "%lld", (long long)change->id);
	const char *ord = arena_printf(arena, "%d", step->ord);
	bool once = step->kind == STEP_BULK;

	if (CONTROL_CHANGE(control, leaves_sql, id, change->epoch, ord,
		    name_sql(arena, once ? &step->bulk.table : &step->fill.table),
		    arena_printf(arena, "%d", rows_first > 0 ? rows_first : BATCH_ROWS_MIN),
		    once ? "true" : "false") < 0)
		return -1;
	return read_leaves(control, arena, id, ord, leaves, n);
}

int store_leaf(struct control *control, const struct change_record *change,
	const struct step_record *step, const struct leaf_record *leaf,
	const char *key_columns_json)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"SELECT FROM phasegate.record_leaf($1::pg_catalog.int8, $2::pg_catalog.int8,"
		" $3::pg_catalog.int4, $4::pg_catalog.oid, $5::pg_catalog.jsonb,"
		" $6::pg_catalog.jsonb, $7::pg_catalog.int4, $8::pg_catalog.int8,"
		" $9::pg_catalog.int8, $10::pg_catalog.int8, $11::pg_catalog.int8,"
		" $12::pg_catalog.int4, $13::pg_catalog.float8, $14::pg_catalog.float8,"
		" $15::pg_catalog.bool, $16::pg_catalog.jsonb, $17) r (recorded) WHERE r.recorded",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch,
		arena_printf(&arena, "%d", step->ord), arena_printf(&arena, "%u", leaf->relid),
		leaf->last_key, leaf->hi_key, arena_printf(&arena, "%d", leaf->pass),
		arena_printf(&arena, "%lld", (long long)leaf->pass_changed),
		arena_printf(&arena, "%lld", (long long)leaf->rows_changed),
		arena_printf(&arena, "%lld", (long long)leaf->batches),
		arena_printf(&arena, "%lld", (long long)leaf->throttled_ms),
		arena_printf(&arena, "%d", leaf->pace.rows),
		arena_printf(&arena, "%.6g", leaf->pace.avg_rows),
		arena_printf(&arena, "%.6g", leaf->pace.avg_ms), leaf->done ? "true" : "false",
		key_columns_json, leaf->throttled_by);

	arena_free(&arena);
	if (changed == 0)
		control_fail(control, STORE_FENCED, "another phasegate has taken the change over");
	return changed == 1 ? 0 : -1;
}

const char *store_batch_sql(struct arena *arena, const struct change_record *change,
	const struct step_record *step, const struct leaf_record *leaf, const char *last_key,
	bool as_it_was, const char *written_sql)
{
	const char *name = as_it_was ? quote_literal(arena, name_sql(arena, &leaf->table)) : "NULL";
	const char *owner = as_it_was ? arena_printf(arena, "%u", change->relid) : "NULL";

	return arena_printf(arena,
		"SELECT phasegate.record_batch(%lld, %s, %d, %u, %s, %s, %s, %lld, %d, %.6g, %.6g,"
		" %s, %s);",
		(long long)change->id, change->epoch, step->ord, leaf->relid, name, owner,
		quote_nullable(arena, last_key), (long long)leaf->throttled_ms, leaf->pace.rows,
		leaf->pace.avg_rows, leaf->pace.avg_ms, quote_nullable(arena, leaf->throttled_by),
		written_sql);
}

int store_walk_again(
	struct control *control, const struct change_record *change, const struct step_record *lost)
{
	struct arena arena = {0};
	int64_t changed = CONTROL_CHANGE(control,
		"WITH held AS (SELECT id FROM phasegate.change WHERE id = $1::pg_catalog.int8"
		"  AND epoch = $2::pg_catalog.int8 FOR UPDATE),"
		" again AS (UPDATE phasegate.backfill f SET done = false, last_key = NULL,"
		"  hi_key = NULL FROM held WHERE f.change_id = held.id)"
		" INSERT INTO phasegate.event (change_id, kind, detail) SELECT id, 'lost',"
		" pg_catalog.jsonb_build_object('step', $3::pg_catalog.int4) FROM held",
		arena_printf(&arena, "%lld", (long long)change->id), change->epoch,
		arena_printf(&arena, "%d", lost->ord));

	arena_free(&arena);
	if (changed == 0)
		control_fail(control, STORE_FENCED, "another phasegate has taken the change over");
	return changed == 1 ? 0 : -1;
}

int store_totals(struct control *control, int64_t id, uint64_t *rows, uint64_t *batches)
{
	struct arena arena = {0};
	PGresult *result = CONTROL_QUERY(control,
		"SELECT COALESCE(pg_catalog.sum(rows_changed), 0),"
		" COALESCE(pg_catalog.sum(batches), 0)"
		" FROM phasegate.backfill WHERE change_id = $1::pg_catalog.int8",
		arena_printf(&arena, "%lld", (long long)id));

	arena_free(&arena);
	if (result == NULL)
		return -1;
	*rows = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
	*batches = strtoull(PQgetvalue(result, 0, 1), NULL, 10);
	PQclear(result);
	return 0;
}
