/* SPDX-License-Identifier: PostgreSQL */
/* A table that the transaction itself has emptied. */
#ifndef EMPTIED_H
#define EMPTIED_H

#include <stdbool.h>

struct stmt;
struct stmts;
struct name;

/*
 * stmt, one of text, runs in a transaction that has emptied the table before, by TRUNCATE of this
 * name, and all statements of text in between are of kinds that put no row into any table and
 * leave names as they are.
 */
bool emptied_before(const struct stmts *text, const struct stmt *stmt, const struct name *table);

#endif
