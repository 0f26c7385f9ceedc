-- SPDX-License-Identifier: PostgreSQL
-- Foreign keys of several columns, and of a table to itself, when types change.
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r alter column a type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s alter column a type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r alter column a type bigint;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s alter column a type numeric;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s alter column a type oid;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s alter column b type int using 1;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s alter column b type int using 1, alter column a type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r alter column b type varchar(10);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r alter column b type int using 1, alter column a type bigint;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r alter column b type uuid using null;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r add foreign key (b, a) references r (a, b);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table r add foreign key (b, a) references r (b, a);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (b, a) references r (a, b);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (b, a) references r (b, a);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a, b) references r;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a) references r (a);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a, b) references r (a);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a, a) references r (a, b);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a, nope) references r (a, b);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a, b) references r (a, nope);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column id type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column id type text, alter column up type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column up type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column up type text, alter column id type varchar(10);
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column up type bigint, alter column id type bigint;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column k type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column k2 type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column k2 type text, alter column k type text, alter column id type bigint;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column k type text, alter column id type text;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table tree alter column k type numeric, alter column k2 type bigint;
-- with: create table own.pr (a int, b int, k text, primary key (a, b)) partition by list (b); create table own.pr1 partition of own.pr for values in (1); create table own.ps (x int, y int, foreign key (y, x) references own.pr (a, b)) partition by list (x); create table own.ps1 partition of own.ps for values in (1)
alter table pr alter column a type text;
-- with: create table own.pr (a int, b int, k text, primary key (a, b)) partition by list (b); create table own.pr1 partition of own.pr for values in (1); create table own.ps (x int, y int, foreign key (y, x) references own.pr (a, b)) partition by list (x); create table own.ps1 partition of own.ps for values in (1)
alter table pr alter column a type bigint;
-- with: create table own.pr (a int, b int, k text, primary key (a, b)) partition by list (b); create table own.pr1 partition of own.pr for values in (1); create table own.ps (x int, y int, foreign key (y, x) references own.pr (a, b)) partition by list (x); create table own.ps1 partition of own.ps for values in (1)
alter table ps alter column y type text;
-- with: create table own.pr (a int, b int, k text, primary key (a, b)) partition by list (b); create table own.pr1 partition of own.pr for values in (1); create table own.ps (x int, y int, foreign key (y, x) references own.pr (a, b)) partition by list (x); create table own.ps1 partition of own.ps for values in (1)
alter table ps alter column y type numeric;
-- with: create table own.pr (a int, b int, k text, primary key (a, b)) partition by list (b); create table own.pr1 partition of own.pr for values in (1); create table own.ps (x int, y int, foreign key (y, x) references own.pr (a, b)) partition by list (x); create table own.ps1 partition of own.ps for values in (1)
alter table ps1 alter column y type text;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree); create table own.leaf (id int constraint leaf_fk references own.tree); create view own.grouped as select id, up from own.tree group by id
alter table tree drop constraint tree_fk, drop constraint tree_pk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree); create table own.leaf (id int constraint leaf_fk references own.tree); create view own.grouped as select id, up from own.tree group by id
alter table tree drop constraint tree_pk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree); create table own.leaf (id int constraint leaf_fk references own.tree); create view own.grouped as select id, up from own.tree group by id
alter table tree drop constraint tree_pk, drop constraint tree_fk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree); create table own.leaf (id int constraint leaf_fk references own.tree); create view own.grouped as select id, up from own.tree group by id
alter table tree drop constraint tree_pk cascade, drop constraint tree_fk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree)
alter table tree drop constraint tree_fk, drop constraint tree_pk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree)
alter table tree drop constraint tree_pk, drop constraint tree_fk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree)
alter table tree drop column up, drop constraint tree_pk;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree)
alter table tree drop column up, drop column id;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree)
alter table tree drop column id;
-- with: create table own.tree (id int constraint tree_pk primary key, up int constraint tree_fk references own.tree)
alter table tree drop constraint tree_fk, drop column id;
-- with: create table own.r (a int, b text, unique (a, b)); create table own.s (a int, b text, foreign key (a, b) references own.r (a, b)); create table own.tree (id int primary key, up int references own.tree, k int unique, k2 int references own.tree (k))
alter table s add foreign key (a, a) references r (a, a);
-- with: create table own.dup (a int, b int); create unique index on own.dup (a, a)
alter table dup add foreign key (a, b) references dup (a, a);
-- with: create sequence own.sq2; create table own.seqd (a int, b text); alter sequence own.sq2 owned by own.seqd.a; create policy po on own.seqd using (a > 0)
alter table seqd alter column a drop identity if exists, alter column a type text;
-- with: create table own.idd (a int generated always as identity, b text)
alter table idd alter column a drop identity, alter column a type text;
