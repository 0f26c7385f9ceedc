/* SPDX-License-Identifier: PostgreSQL */
#ifndef FIX_H
#define FIX_H

/*
 * Why what operators gave as a fix is no list for SET that a WHERE of ours may follow on a new
 * line; static text, or NULL: it is one.  Read on a thread of its own, whose stack the grammar
 * needs.
 */
const char *fix_wrong(const char *fix);

#endif
