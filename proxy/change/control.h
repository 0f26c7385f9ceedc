/* SPDX-License-Identifier: PostgreSQL */
/*
 * A control connection: libpq, used by one thread, with every setting pinned that could change
 * what our SQL means.  While the server works, the owner's hooks are called ten times a second.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum { CONTROL_TICK_MS = 100 };

struct control_error {
	char sqlstate[6];
	const char *message, *detail, *hint, *constraint; /* arena memory; NULL when not told */
};

struct control_hooks {
	/* Must the running statement end?  Asked only while control->interruptible. */
	bool (*interrupted)(void *arg);
	/* The server has been at it for so long. */
	void (*waiting)(void *arg, int64_t waited_ms);
	void *arg;
};

struct control {
	PGconn *conn; /* NULL: not connected */
	struct arena *arena; /* of errors */
	struct control_hooks hooks;
	bool interruptible;
	bool lost; /* the connection broke: what the last statement did is not known from here */
	struct control_error error; /* of the last failure */
};

/*
 * Connects with conninfo (libpq's form, its dbname overridden) and pins the settings.  0, or -1
 * with control->error set.  The caller closes either way.
 */
int control_open(
	struct control *control, struct arena *arena, const char *conninfo, const char *database);
void control_close(struct control *control);

/* Any number of statements without parameters.  0, or -1 with control->error set. */
int control_exec(struct control *control, const char *sql);

/* One statement; parameters are text.  The caller clears the result; NULL with control->error set.
 */
PGresult *control_query(
	struct control *control, const char *sql, const char *const *parameters, size_t n);
#define CONTROL_QUERY(control, sql, ...)                                                           \
	control_query(control, sql, (const char *const[]){__VA_ARGS__},                            \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/*
 * Statements without parameters in one message, n of which return rows: their results, which the
 * caller clears.  0, or -1 with control->error set and nothing to clear.
 */
int control_tables(struct control *control, const char *sql, PGresult **tables, size_t n);

/* Rows that control_query's statement returned or changed; -1 with control->error set. */
int64_t control_change(
	struct control *control, const char *sql, const char *const *parameters, size_t n);
#define CONTROL_CHANGE(control, sql, ...)                                                          \
	control_change(control, sql, (const char *const[]){__VA_ARGS__},                           \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/*
 * The settings again, for this session: user code that ran in the open transaction may have
 * changed them.  Resolves no name itself.
 */
int control_pin(struct control *control);
/* The statements that do so, each with its semicolon, for a message with others. */
const char *control_pin_sql(const struct control *control);

/* An error of our own making. */
void control_fail(struct control *control, const char *sqlstate, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Did the last failure have this SQLSTATE? */
bool control_failed_with(const struct control *control, const char *sqlstate);

/* A value of a result in arena memory; NULL for an SQL NULL. */
char *control_value(struct arena *arena, const PGresult *result, int row, int column);

/* Escaped for use in a BEGIN or SET: milliseconds. */
int control_begin(struct control *control, int lock_timeout_ms);
int control_commit(struct control *control);
void control_rollback(struct control *control);

#endif
