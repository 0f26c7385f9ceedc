-- SPDX-License-Identifier: PostgreSQL
-- Section L.  Format: see test_golden.c.

-- expect: allow create-extension
CREATE EXTENSION IF NOT EXISTS pgcrypto;

-- expect: warn create-extension
ALTER EXTENSION pgcrypto UPDATE;

-- expect: allow
-- not: create-extension
ALTER EXTENSION pgcrypto ADD FUNCTION digest(text, text);

-- expect: allow
-- not: create-extension
ALTER EXTENSION pgcrypto DROP TABLE settings;

-- expect: warn create-extension
ALTER EXTENSION pgcrypto SET SCHEMA other;

-- expect: warn create-extension
DROP EXTENSION pgcrypto;

-- expect: reject drop-type-function-extension-cascade
-- not: create-extension
DROP EXTENSION pgcrypto CASCADE;

-- expect: warn alter-system-database-role
ALTER SYSTEM SET work_mem = '1GB';

-- expect: warn alter-system-database-role
ALTER DATABASE shop SET work_mem = '1GB';

-- expect: warn alter-system-database-role
ALTER ROLE app SET work_mem = '1GB';

-- expect: warn alter-system-database-role
ALTER ROLE ALL RESET ALL;

-- expect: warn alter-system-database-role
ALTER ROLE app RENAME TO application;

-- expect: warn alter-system-database-role
DROP ROLE IF EXISTS app;

-- expect: warn alter-system-database-role
REASSIGN OWNED BY app TO other;

-- expect: allow alter-system-database-role
CREATE ROLE app LOGIN;

-- expect: allow alter-system-database-role
ALTER ROLE app PASSWORD 'x' VALID UNTIL 'infinity';

-- expect: allow alter-system-database-role
-- facts: separate
CREATE ROLE app LOGIN; ALTER ROLE app SET search_path = app;

-- expect: warn alter-system-database-role
-- facts: separate
CREATE ROLE app LOGIN; ALTER ROLE other SET search_path = app;

-- expect: allow alter-system-database-role
-- facts: separate
CREATE DATABASE fresh; ALTER DATABASE fresh SET work_mem = '1GB';

-- expect: allow
-- not: alter-system-database-role
SET work_mem = '1GB';
