/* SPDX-License-Identifier: PostgreSQL */
#include "signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "control.h"

enum {
	BATCH_MS_MIN = 4,
	BATCH_OF_P95 = 3,
	REST_MS = 4 * SAMPLE_MS,
	REST_MS_STALE = 7 * SAMPLE_MS,
	EASY_SAMPLE_MS = 4 * SAMPLE_MS,
};

enum unit { UNIT_MS, UNIT_BYTES, UNIT_COUNT, UNIT_PERCENT, UNIT_FLAG };

struct signal {
	const char *name;
	enum unit unit;
	double rest; /* the reading of an idle server */
	/* One row; NULL in it means that it cannot be read.  $1 is settings->window.  NULL: it is
	 * settings->sql. */
	const char *sql;
	double (*value)(struct signals *signals, const PGresult *result, int64_t now_ms);
};

/*
 * Columns of pg_stat_replication and pg_stat_activity are NULL for a role without pg_monitor.
 * pg_receivewal replays nothing.  A base backup is not a standby.
 */
#define STANDBYS                                                                                   \
	"(SELECT COALESCE(replay_lsn, flush_lsn, write_lsn, sent_lsn) AS lsn, state"               \
	" FROM pg_catalog.pg_stat_replication WHERE state IS DISTINCT FROM 'backup') r"
#define UNLESS_HIDDEN(value)                                                                       \
	"CASE WHEN pg_catalog.count(*) = pg_catalog.count(state) THEN " value " END"
#define NOW_LSN "pg_catalog.pg_current_wal_lsn()"

static double number_at(const PGresult *result, int column)
{
	const char *text;
	char *end;
	double value;

	if (PQntuples(result) != 1 || PQnfields(result) <= column || PQgetisnull(result, 0, column))
		return NAN;
	text = PQgetvalue(result, 0, column);
	if (PQftype(result, column) == 16) /* bool */
		return text[0] == 't';
	value = strtod(text, &end);
	return end == text || *end != '\0' ? NAN : value;
}

static double first_column(struct signals *signals, const PGresult *result, int64_t now_ms)
{
	(void)signals;
	(void)now_ms;
	return number_at(result, 0);
}

/*
 * The server's own replay_lag stays what it was while a standby replays nothing.  Where the primary
 * was and when tells better: so old is what the standby has not replayed yet.
 */
static double standby_age(struct signals *signals, const PGresult *result, int64_t now_ms)
{
	double position = number_at(result, 1);

	trail_add(&signals->positions, number_at(result, 0), now_ms, SAMPLE_MS);
	return isnan(position) ? NAN : (double)trail_age_ms(&signals->positions, position, now_ms);
}

enum { CHECKPOINTS_WINDOW_MS = 5 * 60 * 1000, CHECKPOINTS_SPACING_MS = 2000 };

static double checkpoints(struct signals *signals, const PGresult *result, int64_t now_ms)
{
	double count = number_at(result, 0);

	if (isnan(count))
		return NAN;
	trail_add(&signals->checkpoints, count, now_ms, CHECKPOINTS_SPACING_MS);
	return trail_growth(&signals->checkpoints, CHECKPOINTS_WINDOW_MS, now_ms);
}

static const struct signal all[SIGNALS] = {
	[SIGNAL_STANDBY_LAG] =
		{
			.name = "standby lag",
			.unit = UNIT_MS,
			.sql = "SELECT " NOW_LSN
			       " - '0/0', " UNLESS_HIDDEN("COALESCE(pg_catalog.min(lsn), " NOW_LSN
							  ") - '0/0'") " FROM " STANDBYS,
			.value = standby_age,
		},
	[SIGNAL_STANDBY_BYTES] =
		{
			.name = "standby lag in bytes",
			.unit = UNIT_BYTES,
			.sql = "SELECT " UNLESS_HIDDEN(
				"COALESCE(" NOW_LSN " - pg_catalog.min(lsn), 0)") " FROM " STANDBYS,
			.value = first_column,
		},
	[SIGNAL_SLOT_BYTES] =
		{
			.name = "WAL kept for replication slots",
			.unit = UNIT_BYTES,
			.sql = "SELECT COALESCE(pg_catalog.max(" NOW_LSN " - restart_lsn), 0)"
			       " FROM pg_catalog.pg_replication_slots",
			.value = first_column,
		},
	[SIGNAL_ARCHIVER] =
		{
			.name = "failing WAL archiver",
			.unit = UNIT_FLAG,
			.sql = "SELECT last_failed_time IS NOT NULL AND last_failed_time >"
			       " COALESCE(last_archived_time, '-infinity')"
			       " FROM pg_catalog.pg_stat_archiver",
			.value = first_column,
		},
	[SIGNAL_ACTIVE_SESSIONS] =
		{
			.name = "active sessions",
			.unit = UNIT_COUNT,
			.sql = "SELECT " UNLESS_HIDDEN("pg_catalog.count(*) FILTER (WHERE state = "
						       "'active')") " FROM "
								    "pg_catalog.pg_stat_activity "
								    "WHERE datid IS NOT NULL"
								    " AND backend_type IS DISTINCT "
								    "FROM 'autovacuum worker'"
								    " AND backend_type IS DISTINCT "
								    "FROM 'parallel worker'"
								    " AND application_name IS "
								    "DISTINCT FROM 'phasegate'",
			.value = first_column,
		},
	[SIGNAL_LOCK_WAITERS] =
		{
			.name = "sessions waiting for locks",
			.unit = UNIT_COUNT,
			.sql = "SELECT pg_catalog.count(DISTINCT pid) FROM pg_catalog.pg_locks"
			       " WHERE NOT granted",
			.value = first_column,
		},
	[SIGNAL_CHECKPOINTS] =
		{
			.name = "checkpoints forced by WAL within 5 min",
			.unit = UNIT_COUNT,
			.sql = "SELECT checkpoints_req FROM pg_catalog.pg_stat_bgwriter",
			.value = checkpoints,
		},
	[SIGNAL_LATENCY] =
		{
			.name = "p95 of the clients' latency against that without the backfill",
			.unit = UNIT_PERCENT,
			.rest = 100,
		},
	[SIGNAL_TABLE_LATENCY] =
		{
			.name = "p95 of the clients' latency on the table against that without the "
				"backfill",
			.unit = UNIT_PERCENT,
			.rest = 100,
		},
	[SIGNAL_SQL] =
		{
			.name = "answer of backfill.throttle.sql",
			.unit = UNIT_COUNT,
			.value = first_column,
		},
	[SIGNAL_WINDOW] =
		{
			.name = "time outside of backfill.throttle.window",
			.unit = UNIT_FLAG,
			.sql = "SELECT CASE WHEN f <= t THEN LOCALTIME < f OR LOCALTIME >= t"
			       " ELSE LOCALTIME < f AND LOCALTIME >= t END"
			       " FROM (SELECT pg_catalog.split_part($1, '-', 1)::pg_catalog.time,"
			       "  pg_catalog.split_part($1, '-', 2)::pg_catalog.time) w (f, t)",
			.value = first_column,
		},
};

const char *signal_name(enum signal_id id)
{
	return id == SIGNALS ? "the limits" : all[id].name;
}

/* ---- reading ---- */

static double ask(struct signals *signals, struct control *control,
	const struct signal_settings *settings, enum signal_id id, int64_t now_ms)
{
	const struct signal *signal = &all[id];
	const char *sql = signal->sql != NULL ? signal->sql : settings->sql;
	const char *window = settings->window, *why;
	PGresult *result;
	double value;

	result = control != NULL ? control_query(control, sql, &window, id == SIGNAL_WINDOW ? 1 : 0)
				 : NULL;
	value = result != NULL ? signal->value(signals, result, now_ms) : NAN;
	if (result != NULL)
		why = "no number came; members of pg_monitor see all";
	else
		why = control != NULL ? control->error.message : "no connection to ask on";
	snprintf(signals->unreadable[id], sizeof(signals->unreadable[id]), "%s", why);
	PQclear(result);
	return value;
}

static bool nobody_asks(
	const struct signals *signals, const struct latency_board *board, enum signal_id id)
{
	return (id == SIGNAL_LATENCY && board == NULL) ||
	       (id == SIGNAL_TABLE_LATENCY && signals->table.all == NULL);
}

/* Each question costs clients a little: far from its bound its answer is good for longer. */
static bool is_due(const struct signals *signals, enum signal_id id, int64_t now_ms)
{
	const struct throttle *throttle = &signals->throttles[id];

	return signals->asked_ms[id] == 0 || now_ms - signals->asked_ms[id] >= EASY_SAMPLE_MS ||
	       throttle->stopped || !throttle_is_easy(throttle);
}

/* What clients feel: the others tell of the server. */
static bool is_felt(enum signal_id id)
{
	return all[id].unit == UNIT_PERCENT;
}

/* The shortest takes a few times what clients take; while that is still to be learned, little. */
static struct effort_limits effort_limits(const struct signals *signals, int longest_ms)
{
	const struct latency_watch *every = &signals->latency, *table = &signals->table.latency;
	double calm_us = every->reference_us > 0 ? every->reference_us : table->reference_us;

	if (calm_us <= 0 && every->learns)
		return (struct effort_limits){BATCH_MS_MIN, BATCH_MS_MIN};
	if (calm_us <= 0)
		return (struct effort_limits){longest_ms, 0};
	return (struct effort_limits){
		longest_ms, (int)fmax(BATCH_OF_P95 * calm_us / 1000, BATCH_MS_MIN)};
}

static struct latency_watch *watch_of(struct signals *signals, enum signal_id id)
{
	return id == SIGNAL_TABLE_LATENCY ? &signals->table.latency : &signals->latency;
}

static double feel(struct signals *signals, struct latency_board *board, enum signal_id id,
	double bound, int64_t now_ms)
{
	struct latency_watch *watch = watch_of(signals, id);
	double percent;

	watch->allowed_percent = effort_allows_percent(bound);
	percent = id == SIGNAL_LATENCY
			  ? latency_watch(watch, board, signals->worked, now_ms)
			  : table_watch_percent(&signals->table, signals->worked, now_ms);
	if (watch->quiet || (watch->reference_us <= 0 && !watch->learns))
		signals->efforts[id] = (struct effort){0};
	else
		effort_read(&signals->efforts[id], watch->slow, watch->readings,
			&signals->effort_limits);
	return percent;
}

/* The one that asks for least counts; another is not to have far to go when its turn comes. */
static void find_felt_most(struct signals *signals)
{
	double least_ms = INFINITY;

	signals->felt_most = SIGNALS;
	for (enum signal_id id = 0; id < SIGNALS; id++)
		if (signals->efforts[id].ms > 0 && signals->efforts[id].ms < least_ms) {
			least_ms = signals->efforts[id].ms;
			signals->felt_most = id;
		}
	for (enum signal_id id = 0; id < SIGNALS; id++)
		signals->efforts[id].ms = fmin(signals->efforts[id].ms, 2 * least_ms);
}

void signals_read(struct signals *signals, struct control *control, struct latency_board *board,
	const struct signal_settings *settings, int64_t now_ms)
{
	if (signals->read_ms != 0 && now_ms - signals->read_ms < SAMPLE_MS)
		return;
	if (board != NULL)
		signals->worked =
			latency_any_worked(board, signals->worked, signals->read_ms, now_ms);
	signals->board = board;
	signals->read_ms = now_ms;
	signals->effort_limits = effort_limits(signals, settings->batch_target_ms);
	for (enum signal_id id = 0; id < SIGNALS; id++) {
		double bound = (double)settings->bounds[id], rest = all[id].rest;

		if (bound <= rest || nobody_asks(signals, board, id)) {
			signals->throttles[id] = (struct throttle){0};
			signals->efforts[id] = (struct effort){0};
			signals->asked_ms[id] = 0;
			continue;
		}
		if (!is_felt(id) && !is_due(signals, id, now_ms))
			continue;
		signals->asked_ms[id] = now_ms;
		signals->values[id] = is_felt(id) ? feel(signals, board, id, bound, now_ms)
						  : ask(signals, control, settings, id, now_ms);
		throttle_read(&signals->throttles[id], signals->values[id], rest, bound, now_ms);
	}
	find_felt_most(signals);
	signals->worked = false;
}

void signals_end(struct signals *signals, struct latency_board *board)
{
	if (board != NULL)
		latency_watch_end(&signals->latency, board);
}

enum signal_id signals_stop(const struct signals *signals)
{
	enum signal_id id = 0;

	while (id < SIGNALS && !signals->throttles[id].stopped)
		id++;
	return id;
}

/* Due for all work together; of it those readings count that have no work in them. */
static int64_t rest_of(struct signals *signals)
{
	const struct latency_watch *watch = watch_of(signals, signals->felt_most);
	int64_t rest_ms = effort_rest_ms(signals->active_ms);

	signals->rested_stale &= watch->stale;
	/* Before there is a reference, rests teach nothing; with few clients they teach little,
	 * and what one does not tell is told by those that come anyhow. */
	if (watch->stale && watch->reference_us > 0 && !signals->rested_stale &&
		rest_ms < REST_MS_STALE)
		rest_ms = REST_MS_STALE;
	if (rest_ms < REST_MS || signals->active_ms == 0)
		return 0;
	signals->active_ms = 0;
	signals->rested_stale = true;
	return rest_ms;
}

/* A pause behind each batch, for those that waited to get through; and now and then a rest. */
static int64_t pause_for_clients(struct signals *signals, int64_t busy_ms, int64_t now_ms)
{
	int64_t pause_ms, rest_ms;

	signals->owed_ms += effort_pause_ms(
		&signals->efforts[signals->felt_most], &signals->effort_limits, busy_ms);
	pause_ms = (int64_t)signals->owed_ms;
	signals->owed_ms -= (double)pause_ms;
	signals->active_ms += busy_ms + pause_ms;
	rest_ms = rest_of(signals);
	if (rest_ms > 0 && signals->board != NULL)
		latency_rest(signals->board, now_ms + rest_ms);
	return rest_ms > pause_ms ? rest_ms : pause_ms;
}

static int64_t pause_of(struct signals *signals, enum signal_id id, int64_t busy_ms, int64_t now_ms)
{
	if (id == signals->felt_most)
		return pause_for_clients(signals, busy_ms, now_ms);
	return is_felt(id) ? 0 : throttle_pause_ms(&signals->throttles[id], busy_ms);
}

/* Of another, which is its own as well. */
static int64_t rest_along(struct signals *signals, int64_t now_ms)
{
	int64_t left_ms = signals->board != NULL ? latency_rest_left_ms(signals->board, now_ms) : 0;

	if (left_ms > 0)
		signals->active_ms = 0;
	return left_ms;
}

enum signal_id signals_slow(
	struct signals *signals, int64_t busy_ms, int64_t now_ms, int64_t *pause_ms)
{
	enum signal_id slowest = SIGNALS;

	*pause_ms = rest_along(signals, now_ms);
	if (*pause_ms > 0)
		slowest = SIGNAL_LATENCY;
	for (enum signal_id id = 0; id < SIGNALS; id++) {
		int64_t pause = pause_of(signals, id, busy_ms, now_ms);

		if (pause > *pause_ms) {
			*pause_ms = pause;
			slowest = id;
		}
	}
	return slowest;
}

bool signals_feel(const struct signals *signals)
{
	return signals->felt_most != SIGNALS;
}

double signals_batch_ms(const struct signals *signals)
{
	const struct effort_limits *limits = &signals->effort_limits;

	return signals_feel(signals)
		       ? effort_batch_ms(&signals->efforts[signals->felt_most], limits)
		       : limits->longest_ms;
}

/* ---- telling ---- */

int64_t signals_held(const struct signals *signals, enum signal_id *top)
{
	int64_t sum = 0;

	*top = SIGNALS;
	for (enum signal_id id = 0; id <= SIGNALS; id++) {
		sum += signals->held_ms[id];
		if (signals->held_ms[id] > signals->held_ms[*top])
			*top = id;
	}
	return sum;
}

static const char *amount(struct arena *arena, enum unit unit, double value)
{
	switch (unit) {
	case UNIT_MS:
		return arena_printf(arena, "%.1f s", value / 1000);
	case UNIT_BYTES:
		return arena_printf(arena, "%.1f MB", value / (1 << 20));
	case UNIT_PERCENT:
		return arena_printf(arena, "%.0f %%", value);
	default:
		return arena_printf(arena, "%.3g", value);
	}
}

const char *signal_text(struct arena *arena, const struct signals *signals,
	const struct signal_settings *settings, enum signal_id id)
{
	const struct signal *signal = &all[id];
	const struct throttle *throttle = &signals->throttles[id];

	if (isnan(throttle->pressure))
		return arena_printf(
			arena, "%s: cannot be read: %s", signal->name, signals->unreadable[id]);
	if (signal->unit == UNIT_FLAG)
		return signal->name;
	return arena_printf(arena, "%s: %s, bound %s%s", signal->name,
		amount(arena, signal->unit, signals->values[id]),
		amount(arena, signal->unit, (double)settings->bounds[id]),
		throttle->hibernate_until_ms != 0 ? ", so far beyond it that it waits for a minute"
						  : "");
}
