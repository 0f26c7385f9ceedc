-- SPDX-License-Identifier: PostgreSQL
-- Queries and everything that may hold one.  A line "--;" ends a text.
--;

--;
