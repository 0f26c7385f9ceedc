/* SPDX-License-Identifier: PostgreSQL */
/* What the operator's settings make of a rule's default verdict. */
#ifndef VERDICTS_H
#define VERDICTS_H

#include "rule.h"

/*
 * The last matching line wins.  Of a statement that names several tables each is asked about,
 * and the strictest answer holds: a line for one table excuses no other.
 */
enum verdict verdict_of(const struct rule *rule, const struct rule_context *context,
	const struct policy_subject *subject);

#endif
