-- SPDX-License-Identifier: PostgreSQL
-- DO blocks are judged by what stands in them.  Format: see test_check_catalogue.py.

-- === harmless, in every clause
DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad', 'happy'); EXCEPTION WHEN duplicate_object THEN null; END $$;
DO $body$
DECLARE
  n int := 0;
  r record;
BEGIN
  <<outer>>
  FOR r IN SELECT CASE WHEN true THEN 1 ELSE 2 END AS x LOOP
    n := n + r.x;
  END LOOP;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'app') THEN
    CREATE ROLE app NOLOGIN;
  ELSIF n > 1 THEN
    GRANT SELECT ON orders TO app;
  ELSE
    UPDATE orders SET a = CASE WHEN b THEN 1 ELSE 2 END WHERE id < 10;
    COMMENT ON TABLE orders IS 'a; b';
  END IF;
  RAISE NOTICE 'create, alter, drop: %', n;
END
$body$;
do language plpgsql $$ begin alter table orders add column if not exists note text; exception when duplicate_column then raise notice 'there'; end; $$;
DO $$ BEGIN
  CREATE POLICY own ON notes FOR SELECT USING (true);
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE fresh (id int);
DO $$ BEGIN ALTER TABLE fresh ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES orders (id); EXCEPTION WHEN duplicate_object THEN null; END $$;
CREATE INDEX ON fresh (id);

-- === what is made in a block is known behind it
DO $$ BEGIN IF to_regclass('made') IS NULL THEN CREATE TABLE made (id int); END IF; END $$;
CREATE INDEX ON made (id);

-- === hazards
--! add-fk-not-not-valid
DO $$ BEGIN ALTER TABLE "a" ADD CONSTRAINT "a_fk" FOREIGN KEY ("b") REFERENCES "public"."b"("id"); EXCEPTION WHEN duplicate_object THEN null; END $$;
--! drop-column
DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE column_name = 'x') THEN ALTER TABLE orders DROP COLUMN x; END IF; END $$;
--! update-without-where
DO $$ DECLARE i int := 1; BEGIN WHILE i < 3 LOOP UPDATE orders SET a = i; i := i + 1; END LOOP; END $$;
--! concurrently-in-transaction
DO $$ BEGIN CREATE INDEX CONCURRENTLY i ON orders (a); END $$;
--! set-not-null
DO $$ BEGIN BEGIN ALTER TABLE orders ALTER COLUMN a SET NOT NULL; EXCEPTION WHEN others THEN NULL; END; END $$;

-- === what psql runs of its own accord
SELECT count(*) FROM orders \gset
--! unanalyzable-dynamic-ddl
SELECT format('ALTER TABLE %I ADD COLUMN a int', tablename) FROM pg_tables \gexec
SELECT 1;

-- === what is built cannot be read
--! unanalyzable-dynamic-ddl
DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN a int', 'orders'); END $$;
--! unanalyzable-dynamic-ddl
DO $$ DECLARE r record; BEGIN FOR r IN SELECT tablename FROM pg_tables LOOP EXECUTE 'DROP TABLE ' || r.tablename; END LOOP; END $$;
--! unanalyzable-dynamic-ddl
DO $$ BEGIN PERFORM dblink_exec('app', 'DROP TABLE orders'); END $$;
--! unanalyzable-dynamic-ddl
DO $a$ BEGIN DO $b$ BEGIN DROP TABLE orders; END $b$; END $a$;
--! unanalyzable-dynamic-ddl
DO LANGUAGE plpython3u $$ plpy.execute("drop table orders") $$;
--! unanalyzable-dynamic-ddl
DO 'BEGIN DROP TABLE ''orders''; END';

-- === in plain quotes
DO 'BEGIN CREATE SCHEMA IF NOT EXISTS reporting; END';
--! drop-table
DO LANGUAGE plpgsql 'BEGIN DROP TABLE orders; END';
DO 'BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = ''mood'') THEN CREATE TYPE mood AS ENUM (''a''); END IF; END';
--! set-not-null
DO 'BEGIN IF current_user = ''app'' THEN ALTER TABLE orders ALTER COLUMN a SET NOT NULL; END IF; END';
DO E'BEGIN\n  RAISE NOTICE \'drop\';\n  ALTER TABLE orders ADD COLUMN b int;\nEND';

-- === words that are names in expressions of PL/pgSQL
DO $$
DECLARE
    names text[] := ARRAY['a', 'b'];
    comment text;
    lock int := 0;
BEGIN
    FOREACH comment IN ARRAY names LOOP
        IF NOT EXISTS (SELECT 1 FROM program p WHERE p.comment = comment) THEN
            RAISE NOTICE 'no % for %', comment, names;
            INSERT INTO program (comment, schedule) VALUES (comment, 'x');
        END IF;
    END LOOP;
    SELECT count(*) INTO lock FROM schedule s WHERE s.names IS NOT NULL;
    comment := 'call ' || lock;
END $$;
DO $$ BEGIN PERFORM set_config('search_path', 'app', true); CREATE TABLE IF NOT EXISTS q (a int); END $$;
DO $$ BEGIN GRANT EXECUTE ON FUNCTION f() TO app; COMMENT ON TABLE t IS 'new'; END $$;

-- === what PL/pgSQL keeps of a data change
--! update-without-where
DO $$ DECLARE v int; BEGIN UPDATE orders SET a = 1 RETURNING id INTO v; END $$;
--! delete-without-where
DO $$ DECLARE n int; BEGIN WITH d AS (DELETE FROM logs RETURNING *) SELECT count(*) INTO n FROM d; END $$;
DO $$ DECLARE n int; BEGIN WITH d AS (SELECT 1 AS a) SELECT a INTO n FROM d; END $$;

-- === rows that a loop picks
DO $$
DECLARE
    r record;
    fresh uuid;
BEGIN
    FOR r IN SELECT id FROM accounts WHERE token IS NULL LOOP
        UPDATE accounts SET token = gen_random_uuid() WHERE id = r.id;
        UPDATE accounts a SET token = fresh WHERE r.id = id AND tenant = r.tenant;
        DELETE FROM stale WHERE id = r.id;
    END LOOP;
END $$;
--! update-without-where
DO $$ BEGIN UPDATE accounts a SET token = NULL WHERE id = a.id; END $$;
DO $$ BEGIN IMPORT FOREIGN SCHEMA remote LIMIT TO (x) FROM SERVER far INTO here; END $$;

-- === roles
--! alter-system-database-role
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'app') THEN DROP ROLE app; END IF; END $$;
--! alter-system-database-role
DO $$ BEGIN ALTER ROLE app SET work_mem = '1GB'; END $$;
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'etl') THEN CREATE ROLE etl; END IF; END $$;
ALTER ROLE etl SET search_path = etl;
DO $$ BEGIN CREATE ROLE ro; ALTER ROLE ro SET default_transaction_read_only = on; END $$;
