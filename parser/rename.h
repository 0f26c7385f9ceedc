/* SPDX-License-Identifier: PostgreSQL */
/*
 * Another name in place of a column's, in what the server itself wrote of one table
 * (pg_get_indexdef, pg_get_constraintdef): there columns stand unqualified and keywords in
 * capitals.
 */
#ifndef RENAME_H
#define RENAME_H

struct arena;

/*
 * sql with every mention of the column replaced.  What only looks like it stays: functions, types,
 * operator classes, collations, fields, and the columns of a REFERENCES.
 */
const char *rename_column_in(
	struct arena *arena, const char *sql, const char *column, const char *new_name);

#endif
