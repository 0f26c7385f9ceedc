# SPDX-License-Identifier: PostgreSQL
"""
A schema with nothing in it, again and again.

To drop it and make it anew would do as well, but a namespace more or less makes the server plan every
prepared query anew, and the catalog query takes four times as long to plan as to run.
"""

TEXT = """
CREATE SCHEMA IF NOT EXISTS {0};
DO $$ DECLARE object record; BEGIN
  FOR object IN
    SELECT CASE type WHEN 'statistics object' THEN 'statistics' WHEN 'composite type' THEN 'type' ELSE type END AS kind, identity
      FROM pg_depend, pg_identify_object(classid, objid, 0)
     WHERE refclassid = 'pg_namespace'::regclass AND refobjid = '{0}'::regnamespace ORDER BY identity
  LOOP
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', object.kind, object.identity);
  END LOOP;
END $$;
"""


def empty_schema(name):
    """The statements, each ended."""
    return TEXT.format(name)
