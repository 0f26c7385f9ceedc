-- SPDX-License-Identifier: PostgreSQL
-- Section M, and dml-style.  Format: see test_golden.c.

-- expect: warn prefer-bigint
CREATE TABLE s.n (id int PRIMARY KEY, at timestamptz);

-- expect: warn prefer-bigint
ALTER TABLE orders ADD COLUMN c smallint;

-- expect: allow
-- not: prefer-bigint
CREATE TABLE s.n (id bigint PRIMARY KEY, b bigserial, c numeric(10, 2));

-- expect: warn prefer-identity
CREATE TABLE n (id bigserial PRIMARY KEY);

-- expect: allow
-- not: prefer-identity
CREATE TABLE n (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);

-- expect: warn prefer-text
CREATE TABLE n (id bigint PRIMARY KEY, name character varying(20) NOT NULL);

-- expect: allow
-- not: prefer-text
CREATE TABLE n (id bigint PRIMARY KEY, name varchar, note text);

-- expect: warn ban-char
CREATE TABLE n (id bigint PRIMARY KEY, code CHAR(3));

-- expect: allow
-- not: ban-char
CREATE TABLE n (id bigint PRIMARY KEY, codes char(3)[], "char" text);

-- expect: warn prefer-timestamptz
CREATE TABLE n (id bigint PRIMARY KEY, at timestamp(3) DEFAULT now());

-- expect: allow
-- not: prefer-timestamptz
CREATE TABLE n (id bigint PRIMARY KEY, at timestamp with time zone, d date);

-- expect: warn robust-statements
CREATE TABLE n (id bigint PRIMARY KEY);

-- expect: allow
-- not: robust-statements
CREATE TABLE IF NOT EXISTS n (id bigint PRIMARY KEY);

-- expect: allow
-- not: robust-statements
-- facts: in_transaction
CREATE TABLE n (id bigint PRIMARY KEY);

-- expect: allow
-- not: robust-statements
CREATE TEMP TABLE n (id bigint) ON COMMIT DROP;

-- expect: warn identifier-too-long
CREATE TABLE n (a234567890123456789012345678901234567890123456789012345678901234 int);

-- expect: warn identifier-too-long
CREATE TABLE n ("ключ_ключ_ключ_ключ_ключ_ключ_ключ_ключ" int);

-- expect: allow
-- not: identifier-too-long
CREATE TABLE n ("a23456789012345678901234567890123456789012345678901234567890123" int);

-- expect: warn schema-qualification
CREATE TABLE n (id bigint PRIMARY KEY);

-- expect: allow
-- not: schema-qualification
CREATE TABLE s.n (id bigint PRIMARY KEY);

-- expect: allow
-- not: schema-qualification
CREATE TEMP TABLE n (id bigint);

-- expect: warn require-pk-and-conventions
CREATE TABLE n (id bigint UNIQUE);

-- expect: allow
-- not: require-pk-and-conventions
CREATE TABLE n (id bigint, CONSTRAINT k PRIMARY KEY (id));

-- expect: allow
-- not: require-pk-and-conventions
CREATE TABLE n (LIKE orders INCLUDING ALL);

-- expect: allow dml-style
INSERT INTO orders VALUES (1, 2);

-- expect: allow dml-style
SELECT id FROM orders ORDER BY random() LIMIT 1;

-- expect: allow dml-style
SELECT id FROM orders WHERE note LIKE '%x';

-- expect: allow
-- not: dml-style
INSERT INTO orders (id, qty) VALUES (1, 2);

-- expect: allow
-- not: dml-style
SELECT id FROM orders WHERE note LIKE 'x%' ORDER BY id;
