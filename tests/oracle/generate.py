# SPDX-License-Identifier: PostgreSQL
"""
Random worlds for the oracle, each from one seed; commands.py makes statements on them.

A world is a list of SQL statements in schema `own`, each of which can be left out without making
the others wrong more often than not: the shrinker works on that list.
"""

import random

# type: an expression over i that makes a value of it
TYPES = {
    "int": "i", "bigint": "i", "smallint": "i % 1000", "text": "'x' || i", "varchar(20)": "'x' || i",
    "varchar": "'x' || i", "numeric(10,2)": "i", "numeric": "i", "timestamptz": "now()", "date": "current_date",
    "timestamp(3)": "localtimestamp", "plain": "i", "positive": "i", "boolean": "i % 2 = 0", "oid": "i",
    "char(8)": "'c' || i", "uuid": "gen_random_uuid()", "jsonb": "to_jsonb(i)", "interval": "make_interval(days => i)",
    "mood": "'fine'", "int[]": "ARRAY[i]", "int4range": "int4range(i, i + 1)",
}
INTEGERS = ("int", "bigint", "smallint", "plain", "positive")
# What each may be cast to without USING, so that the change is a matter of storage.
CASTS = {
    "int": ("bigint", "numeric", "oid", "plain", "positive", "int", "text"), "bigint": ("numeric", "text", "int", "bigint"),
    "smallint": ("int", "bigint", "text"), "text": ("varchar", "varchar(50)", "text"),
    "varchar(20)": ("varchar(50)", "varchar(20)", "varchar(10)", "text", "varchar"), "varchar": ("text", "varchar(50)"),
    "numeric(10,2)": ("numeric(12,2)", "numeric(12,4)", "numeric"), "numeric": ("numeric(12,2)", "numeric"),
    "timestamptz": ("timestamp", "timestamptz"), "date": ("timestamp", "date"), "timestamp(3)": ("timestamp", "timestamp(1)"),
    "plain": ("int", "bigint"), "positive": ("int", "plain"), "boolean": ("boolean", "text"), "oid": ("bigint", "oid"),
    "char(8)": ("char(8)", "char(9)", "text", "varchar(8)"), "uuid": ("uuid", "text"), "jsonb": ("jsonb", "text"),
    "interval": ("interval(3)", "interval"), "mood": ("mood", "text"), "int[]": ("bigint[]", "int[]"),
    "int4range": ("int4range", "text"),
}
# What no btree index, unique constraint or foreign key is put on.
UNORDERED = ("boolean", "jsonb", "int[]", "interval", "mood", "int4range")
ROWS = 20


# How a partitioned table is divided: the bounds of its first partitions, and those of another one.
STRATEGIES = {
    "RANGE": ("FOR VALUES FROM (0) TO (10)", "FOR VALUES FROM (10) TO (20)", "FOR VALUES FROM (300) TO (400)"),
    "LIST": ("FOR VALUES IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)", "FOR VALUES IN (10, 11, 12, 13, 14, 15, 16, 17, 18, 19)",
             "FOR VALUES IN (300, 301)"),
    "HASH": ("FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "FOR VALUES WITH (MODULUS 4, REMAINDER 1)",
             "FOR VALUES WITH (MODULUS 4, REMAINDER 3)"),
}


SERVER = " SERVER srv OPTIONS (filename '/dev/null')"


class Table:
    def __init__(self, name, kind="r", parent=None):
        self.name, self.kind, self.parent = name, kind, parent
        self.strategy = "RANGE"
        self.columns, self.constraints, self.indexes = {}, [], []
        self.keyed = False  # id is its primary key
        self.keys = []  # pairs of columns that are unique

    def foreign(self):
        return "FOREIGN " if self.kind == "f" else ""

    def server(self):
        return SERVER if self.kind == "f" else ""


class World:
    def __init__(self, rng, wide):
        self.rng, self.script, self.tables, self.views = rng, [], [], []
        self.wide = wide  # with what the model does not know wholly yet
        self.parts, self.loose = [], []  # partitions; tables that could become one
        self.statistics, self.sequences = [], []
        self.script += ["CREATE TYPE pair AS (id int, word text)", "CREATE TYPE mood AS ENUM ('fine', 'sad')", "CREATE DOMAIN plain AS int",
                        "CREATE DOMAIN positive AS int CHECK (VALUE > 0)", "CREATE DOMAIN small AS positive CHECK (VALUE < 100)",
                        "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1'", "CREATE SEQUENCE loose_seq",
                        "CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'",
                        "CREATE EXTENSION IF NOT EXISTS file_fdw WITH SCHEMA pg_catalog",
                        "CREATE SERVER srv FOREIGN DATA WRAPPER file_fdw"]
        for n in range(rng.randint(2, 4)):
            self._table(f"t{n}")
        for table in self.tables:
            self._furnish(table)
        for part in self.parts:
            self._furnish_part(part)
        for n in range(rng.randint(0, 3)):
            self._view(f"v{n}")
        if wide:
            self._odds()
        if self.chance(15):
            self.script.append(f"CREATE TABLE holder (row {rng.choice(self.tables).name}{rng.choice(('', '[]'))})")
        self.script += [f"ANALYZE {table.name}" for table in self.tables]

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def _table(self, name):
        kind = self.rng.choice(("r", "r", "r", "r", "p", "p", "p", "child", "child", "typed", "foreign"))
        plain = [t for t in self.tables if t.kind == "r"]
        if kind == "child" and plain:
            parents = self.rng.sample(plain, min(len(plain), self.rng.choice((1, 1, 2))))
            table = Table(name, "f" if self.chance(15) else "r", parents[0])
            for parent in parents:
                table.columns |= parent.columns
            self.script.append(f"CREATE {table.foreign()}TABLE {name} (own_{name} int) "
                               f"INHERITS ({', '.join(parent.name for parent in parents)}){table.server()}")
            table.columns[f"own_{name}"] = "int"
        elif kind == "typed":
            table = Table(name)
            table.columns = {"id": "int", "word": "text"}
            self.script.append(f"CREATE TABLE {name} OF pair")
        else:
            table = Table(name, {"p": "p", "foreign": "f"}.get(kind, "r"))
            table.strategy = self.rng.choice(("RANGE", "RANGE", "LIST", "HASH"))
            columns = ["id int NOT NULL"]
            table.columns["id"] = "int"
            for n in range(self.rng.randint(2, 5)):
                columns.append(self._column(table, f"c{n}"))
            unlogged = "UNLOGGED " if table.kind == "r" and self.chance(8) else ""
            self.script.append(f"CREATE {unlogged}{table.foreign()}TABLE {name} ({', '.join(columns)})" +
                               (f" PARTITION BY {table.strategy} (id)" if table.kind == "p" else table.server()))
        self.tables.append(table)
        if table.kind == "p":
            self._partitions(table)
        if self.chance(85) and table.kind != "f":
            self._rows(table)

    def _odds(self):
        """What stands on tables and types from outside."""
        a, b = self.rng.choice(self.tables), self.rng.choice(self.tables)
        x, y = self.rng.choice(self.plain(a)), self.rng.choice(self.plain(b))
        odds = (
            "CREATE TABLE pairs (n int, p pair, ps pair[])",
            "CREATE TABLE moods (m mood DEFAULT 'sad', ms mood[], s small, CHECK (m <> 'fine'))",
            "CREATE VIEW mood_view AS SELECT m, 'sad'::mood AS n FROM moods",
            "CREATE DOMAIN good AS mood CHECK (VALUE <> 'sad')",
            f"CREATE VIEW joined AS SELECT a.{x}, b.{y} AS other FROM {a.name} a JOIN {b.name} b ON a.id = b.id WHERE b.id > 1",
            f"CREATE MATERIALIZED VIEW counted AS SELECT {x}, count(*) FROM {a.name} GROUP BY {x}",
            f"CREATE POLICY across ON {a.name} USING (id IN (SELECT b.id FROM {b.name} b WHERE b.{y} IS NOT NULL))",
            f"CREATE RULE across AS ON INSERT TO {a.name} DO ALSO DELETE FROM {b.name} WHERE {y} IS NULL AND id = new.id",
            f"CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count({x}) FROM {a.name}; END",
            f"CREATE FUNCTION takes({a.name}) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            f"CREATE TRIGGER when_tr BEFORE UPDATE ON {a.name} FOR EACH ROW WHEN (old.{x} IS DISTINCT FROM new.{x}) EXECUTE FUNCTION trg()",
            f"CREATE CONSTRAINT TRIGGER con_tr AFTER INSERT ON {a.name} DEFERRABLE FOR EACH ROW EXECUTE FUNCTION trg()",
            f"ALTER TABLE {a.name} ALTER COLUMN id SET DEFAULT nextval('loose_seq')",
            f"ALTER SEQUENCE loose_seq OWNED BY {a.name}.{x}",
            f"ALTER TABLE {a.name} ADD COLUMN ser serial",
            f"ALTER TABLE {a.name} ADD COLUMN tw int DEFAULT twice(3)",
            f"ALTER TABLE {a.name} ADD COLUMN tg int GENERATED ALWAYS AS (twice(id)) STORED",
            f"CREATE INDEX twice_i ON {a.name} (twice(id))",
            f"ALTER TABLE {a.name} ADD CONSTRAINT twice_ck CHECK (twice(id) > 0)",
            f"CREATE UNIQUE INDEX nnd_i ON {a.name} (id) INCLUDE ({x}) NULLS NOT DISTINCT",
            f"CREATE INDEX only_i ON ONLY {a.name} ({x})",
            f"CREATE STATISTICS exp_st ON (id + 1), ({x} IS NULL) FROM {a.name}",
            f"CREATE TABLE refs (id int PRIMARY KEY, up int REFERENCES refs, k int UNIQUE, k2 int REFERENCES refs (k), q int REFERENCES {a.name})",
            f"ALTER TABLE {a.name} ADD CONSTRAINT self_fk FOREIGN KEY (id) REFERENCES {a.name} ({x})",
            f"COMMENT ON COLUMN {a.name}.{x} IS 'x'", f"GRANT SELECT ({x}) ON {a.name} TO pg_monitor",
            f"CREATE PUBLICATION col_pu FOR TABLE {a.name} (id, {x})",
        )
        for odd in odds:
            if self.chance(12):
                self.script.append(odd)
        for table in self.tables:
            for target in self.tables:
                if target.keys and self.chance(25):
                    key = self.rng.choice(target.keys)
                    own = key if set(key) <= set(table.columns) else ("id", self.rng.choice(self.plain(table)))
                    if self.chance(30):
                        key, own = key[::-1], own[::-1]
                    self._constraint(table, "fk2", f"FOREIGN KEY ({', '.join(own)}) REFERENCES {target.name} ({', '.join(key)})" +
                                     (self.not_valid() if table.kind == "r" else ""))

    def _column(self, table, name):
        type_ = self.rng.choice(list(TYPES))
        table.columns[name] = type_
        extra = ""
        if type_ in INTEGERS and self.chance(15):
            extra = " DEFAULT 7"
        elif type_ in ("int", "bigint") and table.kind == "r" and self.chance(12):
            extra = " GENERATED BY DEFAULT AS IDENTITY"
        elif type_ in ("int", "bigint") and self.chance(8):
            table.columns.pop(name)
            name = "g" + name
            table.columns[name] = type_ + " generated"
            extra = " GENERATED ALWAYS AS (id + 1) STORED"
        if type_ in ("text", "varchar", "varchar(20)") and self.chance(15):
            extra = ' COLLATE "C"'
        if self.chance(25) and "GENERATED" not in extra:
            extra += " NOT NULL"
        return f"{name} {type_}{extra}"

    def _partitions(self, table):
        many = 40 if self.wide and self.chance(4) and table.strategy == "RANGE" else 0
        for n in range(many):
            self._partition(table, f"{table.name}m{n}", f"FOR VALUES FROM ({1000 + n}) TO ({1001 + n})", False)
        for n in range(self.rng.randint(0, 2)):
            self._branch(table, f"{table.name}p{n}", STRATEGIES[table.strategy][n])
        if self.chance(50) and table.strategy != "HASH":
            self._branch(table, f"{table.name}d", "DEFAULT")
        if self.chance(50):
            self.script.append(f"CREATE TABLE {table.name}x (LIKE {table.name})")
            self.loose.append((table, f"{table.name}x"))

    def _branch(self, table, name, bound):
        """A partition, now and then partitioned itself, and once more."""
        part, depth = self._partition(table, name, bound, deep := self.chance(25)), 1
        while deep:
            part.kind = "p"
            name, deep, depth = f"{name}a", depth < 2 and self.chance(30), depth + 1
            part = self._partition(part, name, "DEFAULT", deep)

    def _partition(self, table, name, bound, divided):
        part = Table(name, "f" if not divided and self.chance(8) else "r", table)
        part.columns, part.constraints = table.columns, table.constraints
        self.parts.append(part)
        self.script.append(f"CREATE {part.foreign()}TABLE {name} PARTITION OF {table.name} {bound}" +
                           (" PARTITION BY RANGE (id)" if divided else part.server()))
        return part

    def _rows(self, table):
        names = [name for name, type_ in table.columns.items() if "generated" not in type_]
        values = [TYPES[table.columns[name]] for name in names]
        upper = ROWS - 1
        if table.kind == "p":
            made = sum(part.parent is table for part in self.parts)
            default = any(part.name == f"{table.name}d" for part in self.parts)
            upper = ROWS - 1 if default or table.strategy == "HASH" else 10 * made - 1
        self.script.append(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} "
                           f"FROM generate_series(1, {upper}) i")

    def _furnish(self, table):
        name, columns = table.name, self.plain(table)
        if self.chance(60) and table.kind != "f":
            table.keyed = True
            self._constraint(table, "pk", "PRIMARY KEY (id)" + self.rng.choice(("", "", "", " DEFERRABLE")))
        if self.chance(30):
            table.keys.append(("id", self.rng.choice(columns)))
            self._constraint(table, "uq", f"UNIQUE ({', '.join(table.keys[-1])})")
        if self.chance(12):
            self._constraint(table, "ex", "EXCLUDE USING gist (int4range(id, id + 1) WITH &&)")
        if self.chance(40):
            self._constraint(table, "ck", f"CHECK ({self.rng.choice(columns)} IS NOT NULL)" + self.not_valid())
        if self.chance(30):
            self._constraint(table, "pos", "CHECK (id > 0)" + self.not_valid())
        targets = [t for t in self.tables if t.keyed and (t is not table or self.chance(20))]
        if targets and self.chance(60):
            self._constraint(table, "fk", f"FOREIGN KEY (id) REFERENCES {self.rng.choice(targets).name}" +
                             self.rng.choice(("", "", " ON DELETE CASCADE", " ON UPDATE SET NULL", " DEFERRABLE")) +
                             (self.not_valid() if table.kind == "r" else ""))
        for n in range(self.rng.randint(0, 3)):
            self._index(table, f"{name}_i{n}")
        if self.chance(20):
            each = self.rng.choice(("ROW", "ROW", "STATEMENT"))
            event = self.rng.choice(("BEFORE UPDATE", f"AFTER UPDATE OF {self.rng.choice(columns)}", "AFTER DELETE"))
            self.script.append(f"CREATE TRIGGER {name}_tr {event} ON {name} FOR EACH {each} EXECUTE FUNCTION trg()")
        if self.chance(15):
            self.statistics.append(f"{name}_st")
            self.script.append(f"CREATE STATISTICS {name}_st ON id, {self.rng.choice(columns)} FROM {name}")
        if self.chance(10):
            self.script.append(f"CREATE PUBLICATION {name}_pu FOR TABLE {name}")
        if self.chance(10) and table.indexes:
            self.script.append(f"ALTER TABLE {name} CLUSTER ON {self.rng.choice(table.indexes)}")
        if self.chance(10) and table.keyed:
            self.script.append(f"ALTER TABLE {name} REPLICA IDENTITY USING INDEX {name}_pk")
        if self.chance(10):
            self.script.append(f"CREATE RULE {name}_ru AS ON DELETE TO {name} DO ALSO NOTHING")
        if self.chance(10):
            self.script.append(f"CREATE POLICY {name}_po ON {name} USING ({self.rng.choice(columns)} IS NOT NULL)")

    def _furnish_part(self, part):
        """What the table above may want to have there, too."""
        if self.chance(25):
            self._index(part, f"{part.name}_i")
        if self.chance(15):
            self.script.append(f"ALTER TABLE {part.name} ADD UNIQUE (id)")
        if self.chance(10):
            self.script.append(f"ALTER TABLE {part.name} ADD PRIMARY KEY (id)")

    def _constraint(self, table, suffix, body):
        table.constraints.append(f"{table.name}_{suffix}")
        self.script.append(f"ALTER TABLE {table.name} ADD CONSTRAINT {table.name}_{suffix} {body}")

    def _index(self, table, name):
        column = self.rng.choice(self.plain(table))
        body = self.rng.choice((f"({column})", f"({column}, id)", f"({column}) WHERE id > 5", "((id + 1))",
                                f"(({column} IS NULL))", f"({column} DESC)", f"(id) INCLUDE ({column})"))
        if table.columns[column] in ("text", "varchar", "varchar(20)") and self.chance(30):
            body = self.rng.choice((f'({column} COLLATE "C")', f"({column} text_pattern_ops)", f"USING hash ({column})"))
        unique = "UNIQUE " if self.chance(20) and table.kind == "r" else ""
        if unique:
            body = self.rng.choice(("(id)", "(id) WHERE id > 5", f"(id, {column})", "(id DESC)"))
        table.indexes.append(name)
        self.script.append(f"CREATE {unique}INDEX {name} ON {table.name} {body}")

    def _view(self, name):
        table = self.rng.choice(self.tables)
        kind = self.rng.choice(("VIEW", "VIEW", "MATERIALIZED VIEW"))
        source, column = (self.rng.choice(self.views)[0], "x") if self.views and self.chance(25) else (
            table.name, self.rng.choice(self.plain(table)))
        self.views.append((name, kind))
        self.script.append(f"CREATE {kind} {name} AS SELECT id, {column} AS x FROM {source}")
        if kind != "VIEW" and self.chance(50):
            self.script.append(f"CREATE UNIQUE INDEX {name}_i ON {name} (id)")

    def not_valid(self):
        return " NOT VALID" if self.chance(40) else ""

    @staticmethod
    def plain(table):
        return [name for name, type_ in table.columns.items() if "generated" not in type_ and type_ not in UNORDERED]

    def column(self, table):
        return self.rng.choice(list(table.columns))

    def subject(self):
        """A table to do something to, a partition now and then."""
        return self.rng.choice(self.parts if self.parts and self.chance(15) else self.tables)


def world(seed, wide=False):
    return World(random.Random(seed), wide)
