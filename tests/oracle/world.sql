-- SPDX-License-Identifier: PostgreSQL
-- The tables that the statements are about.  All hold rows; the statistics are up to date.
CREATE EXTENSION citext;
CREATE ROLE r1;
GRANT r1 TO CURRENT_USER;
CREATE SCHEMA s2;
CREATE TYPE en AS ENUM ('a', 'b');
CREATE TYPE pair AS (x int, y int);
CREATE DOMAIN dom AS int;
CREATE DOMAIN domc AS int CHECK (VALUE > 0);
CREATE DOMAIN domnn AS int NOT NULL;
CREATE DOMAIN vdom AS varchar(20);
CREATE FUNCTION volf() RETURNS int LANGUAGE plpgsql VOLATILE AS 'begin return 1; end';
CREATE FUNCTION stabf() RETURNS int LANGUAGE plpgsql STABLE AS 'begin return 1; end';
CREATE FUNCTION immf() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'begin return 1; end';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE SEQUENCE sq;
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER srv FOREIGN DATA WRAPPER fdw;

-- referenced, with a policy
CREATE TABLE u (id bigint PRIMARY KEY, name text);
CREATE POLICY pol ON u USING (true);
INSERT INTO u SELECT g, 'u' || g FROM generate_series(1, 100) g;

-- a bit of everything
CREATE TABLE t (
	id bigint PRIMARY KEY, a int, b text, vc varchar(50), vcn varchar, ch char(10), n numeric(10,2), nn numeric,
	o int NOT NULL, nul int, chk int, chk_and int, chk_nv int, u_id bigint, ci citext, r int4range,
	ts timestamp, tz timestamptz, tm3 timestamp(3), iv interval, bi bit(8), vb varbit(8), js json, x xml, ip cidr,
	arr int[], d dom, dc domc, seen int, gen_from int, g int GENERATED ALWAYS AS (gen_from + 1) STORED,
	CONSTRAINT chk_nn CHECK (chk IS NOT NULL),
	CONSTRAINT chk_and_nn CHECK (chk_and IS NOT NULL AND a > 0));
INSERT INTO t (id, a, b, vc, vcn, ch, n, nn, o, chk, chk_and, u_id, ci, r, ts, d, dc, seen, gen_from)
	SELECT i, i, 'b' || i, 'vc' || i, 'v' || i, 'ch', i, i, i, i, i, i, 'ci' || i, int4range(i, i + 1), now(), i, i, i, i
	FROM generate_series(1, 100) i;
ALTER TABLE t ADD CONSTRAINT chk_nv_nn CHECK (chk_nv IS NOT NULL) NOT VALID;
CREATE INDEX t_b ON t (b);
CREATE INDEX t_vc ON t (vc);
CREATE INDEX t_ci_other ON t (a) WHERE a > 5;
CREATE UNIQUE INDEX t_a_uq ON t (a);
CREATE UNIQUE INDEX t_o_uq ON t (o) INCLUDE (id);
CREATE STATISTICS st1 ON a, o FROM t;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION trg();
CREATE VIEW v AS SELECT id, a, seen FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id, seen FROM t;
CREATE UNIQUE INDEX mv_u ON mv (id);

-- referencing
CREATE TABLE fkt (id int, u_id bigint REFERENCES u (id));
INSERT INTO fkt SELECT i, i FROM generate_series(1, 100) i;
CREATE TABLE fkt2 (t_id bigint);
ALTER TABLE fkt2 ADD FOREIGN KEY (t_id) REFERENCES t (id) NOT VALID;
INSERT INTO fkt2 SELECT i FROM generate_series(1, 100) i;

-- unique indexes without constraints, a rule
CREATE TABLE unq (id int NOT NULL, v int);
INSERT INTO unq SELECT i, i FROM generate_series(1, 100) i;
CREATE UNIQUE INDEX unq_id ON unq (id);
CREATE UNIQUE INDEX unq_v ON unq (v);
CREATE UNIQUE INDEX unq_part ON unq (id) WHERE v > 5;
CREATE UNIQUE INDEX unq_expr ON unq ((id + v));
CREATE UNIQUE INDEX unq_desc ON unq (id DESC);
CREATE INDEX unq_plain ON unq (v);
CREATE RULE ru AS ON DELETE TO unq DO ALSO NOTHING;

-- inheritance
CREATE TABLE par (id int, u_id bigint);
CREATE TABLE inhk (extra int) INHERITS (par);
INSERT INTO par SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO inhk SELECT i, i, i FROM generate_series(1, 100) i;

-- partitions, with and without a default one
CREATE TABLE p (id bigint, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE pdef PARTITION OF p DEFAULT;
INSERT INTO p SELECT i, '2020-01-01'::date + i FROM generate_series(1, 500) i;
CREATE TABLE pnew (id bigint, d date NOT NULL);
CREATE TABLE pnewc (id bigint, d date NOT NULL, CHECK (d >= '2023-01-01' AND d < '2024-01-01'));
INSERT INTO pnew SELECT i, '2022-01-01'::date + i FROM generate_series(1, 100) i;
INSERT INTO pnewc SELECT i, '2023-01-01'::date + i FROM generate_series(1, 100) i;
CREATE TABLE p2 (id bigint, d date NOT NULL, k int) PARTITION BY RANGE (d);
CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE p2b PARTITION OF p2 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO p2 SELECT i, '2020-01-01'::date + i, i FROM generate_series(1, 500) i;
CREATE INDEX p2_id ON p2 (id);
CREATE TABLE p2new (id bigint, d date NOT NULL, k int);
CREATE TABLE p2newc (id bigint, d date NOT NULL, k int, CHECK (d >= '2023-01-01' AND d < '2024-01-01'));
INSERT INTO p2new SELECT i, '2022-01-01'::date + i, i FROM generate_series(1, 100) i;
INSERT INTO p2newc SELECT i, '2023-01-01'::date + i, i FROM generate_series(1, 100) i;

-- types in use
CREATE TABLE ent (e en);
INSERT INTO ent VALUES ('a');
CREATE TABLE domt (d dom);
INSERT INTO domt SELECT i FROM generate_series(1, 100) i;

CREATE TABLE empty_t (id int, a int);
CREATE UNLOGGED TABLE ul (id int);
INSERT INTO ul SELECT i FROM generate_series(1, 100) i;
CREATE TABLE idt (id int GENERATED ALWAYS AS IDENTITY, s serial, a int);
INSERT INTO idt (a) SELECT i FROM generate_series(1, 100) i;
VACUUM ANALYZE;
