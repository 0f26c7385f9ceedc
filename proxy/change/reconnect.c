/* SPDX-License-Identifier: PostgreSQL */
/* What follows a lost connection: the same server again, or the one that took over from it. */
#include <stdio.h>
#include <string.h>

#include "decide.h"
#include "run.h"

/* Which cluster it is: the same for a primary and its standbys, and after a failover. */
static const char server_sql[] =
	"SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()),"
	" pg_catalog.pg_is_in_recovery()";

/* Where it may not be asked for, any server goes for the one it was. */
void run_know_server(struct run *run)
{
	PGresult *result =
		run->system[0] == '\0' ? control_query(&run->main, server_sql, NULL, 0) : NULL;

	if (result != NULL)
		snprintf(run->system, sizeof(run->system), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
}

/* The server that it was, or one that took over from it. */
static bool may_go_on(struct run *run)
{
	PGresult *result = control_query(&run->main,
		run->system[0] != '\0' ? server_sql : "SELECT '', pg_catalog.pg_is_in_recovery()",
		NULL, 0);
	bool good = false;

	if (result == NULL)
		return false;
	if (PQgetvalue(result, 0, 1)[0] == 't')
		control_fail(&run->main, "25006", "the server is a standby");
	else if (strcmp(PQgetvalue(result, 0, 0), run->system) != 0)
		control_fail(&run->main, SQLSTATE_CHANGE_FAILED,
			"the server belongs to another cluster");
	else
		good = true;
	PQclear(result);
	return good;
}

enum { RECONNECT_MS_MAX = 5 * 60 * 1000, RECONNECT_PAUSE_MS_MAX = 5000 };

/* The server restarts or fails over: what was committed is in the record, so begin there. */
int run_reconnect(struct run *run)
{
	int64_t deadline = engine_now_ms() + RECONNECT_MS_MAX, pause = 250;

	run->undoing = true; /* a cancel is answered once the record can be reached again */
	while (engine_now_ms() < deadline && run_sleep(run, pause) == 0) {
		run_close(run);
		run->watch_failed_ms = 0;
		if (run_open(run) == 0 && may_go_on(run)) {
			run->undoing = false;
			return 0;
		}
		run_say(run, false, "the control connection is lost; trying again: %s",
			run->main.error.message);
		pause = pause * 2 < RECONNECT_PAUSE_MS_MAX ? pause * 2 : RECONNECT_PAUSE_MS_MAX;
	}
	return -1;
}
