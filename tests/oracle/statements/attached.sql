-- SPDX-License-Identifier: PostgreSQL
-- Triggers, policies and rules go with the columns that they name.
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column c cascade, enable always trigger tt;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column c cascade, disable trigger tg;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column d cascade, disable trigger tt;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column d cascade, disable rule ru;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column c cascade, disable rule ru;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column c;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column d;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q drop column g;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q alter column c type bigint;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q alter column d type bigint;
-- with: create table own.q (id int, c int, d int, g int generated always as (c + 1) stored); create trigger tt after update of c on own.q for each row execute function trg(); create trigger tg after update of g on own.q execute function trg(); create rule ru as on update to own.q where old.d > 5 do also nothing; create policy po on own.q using (d > 5)
alter table q alter column c type int using c + 1, disable trigger tt;
-- with: create table own.q (id int, c int); create trigger tt before update on own.q for each row when (old.c is distinct from new.c) execute function trg()
alter table q drop column c cascade, disable trigger tt;
-- with: create table own.q (id int, c int); create trigger tt before update on own.q for each row when (old.c is distinct from new.c) execute function trg()
alter table q drop column id, disable trigger tt;
-- with: create table own.q (id int, c int); create trigger tt before update on own.q for each row when (old.c is distinct from new.c) execute function trg()
alter table q alter column c type bigint;
-- with: create table own.q (id int, c int) partition by range (id); create table own.q1 partition of own.q default; create trigger tt after update of c on own.q for each row execute function trg()
alter table q drop column c cascade, disable trigger tt;
-- with: create table own.q (id int, c int) partition by range (id); create table own.q1 partition of own.q default; create trigger tt after update of c on own.q for each row execute function trg()
alter table q drop column c;
-- with: create table own.q (id int, c int) partition by range (id); create table own.q1 partition of own.q default; create trigger tt after update of c on own.q for each row execute function trg()
alter table q alter column c type bigint;
-- with: create table own.q (id int, c int); create table own.r () inherits (own.q); create trigger tt after update of c on own.r for each row execute function trg()
alter table q drop column c cascade, disable trigger tt;
-- with: create table own.q (id int, c int); create table own.r () inherits (own.q); create trigger tt after update of c on own.r for each row execute function trg()
alter table q drop column c;
-- Of each kind the names are its own.
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
create trigger a before insert on q execute function trg();
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
create policy c on q;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
create rule b as on delete to q do also nothing;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
drop rule b on q;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
drop trigger a on q;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
drop policy c on q;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter table q disable trigger a;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter table q disable rule b;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
comment on trigger c on q is 'x';
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
comment on rule c on q is 'x';
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter trigger b on q rename to b2;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter trigger b on q rename to b;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter trigger b on q rename to a;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter policy a on q rename to b;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter policy a on q rename to a;
-- with: create table own.q (id int); create policy a on own.q; create trigger b before insert on own.q execute function trg(); create trigger b2 before insert on own.q execute function trg(); create rule c as on delete to own.q do also nothing
alter rule c on q rename to c;
-- Constraints that are triggers; columns that triggers and policies name; what makes a view one.
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q drop constraint ct;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q drop constraint if exists ct;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q drop constraint ct cascade;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q rename constraint ct to cx;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q validate constraint ct;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q alter constraint ct deferrable;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q add constraint ct check (id > 0);
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q add constraint ct unique (id);
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter table q add column ct int constraint ct check (ct > 0);
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
alter trigger ct on q rename to cx;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
drop trigger ct on q;
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
comment on constraint ct on q is 'x';
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
create trigger ct before insert on q execute function trg();
-- with: create table own.q (id int, c int); create constraint trigger ct after insert on own.q for each row execute function trg(); create constraint trigger cu after update of c on own.q deferrable for each row execute function trg()
create constraint trigger k after insert on q for each row execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create constraint trigger k after insert on q for each row execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create trigger k after insert on q for each row execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create or replace trigger t after insert on q for each row execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create trigger t2 before update of nope on q for each row execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create trigger t2 before update on q for each row when (new.nope > 1) execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create trigger t2 before update on q for each row when (nope > 1) execute function trg();
-- with: create table own.q (id int, constraint k check (id > 0)); create trigger t before insert on own.q execute function trg();
create policy p2 on q using (nope > 1);
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create policy p2 on v using (true);
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create policy p2 on m using (true);
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
drop rule "_RETURN" on v;
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
alter rule "_RETURN" on v rename to x;
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
alter table v disable trigger x;
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
alter table v disable rule "_RETURN";
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
alter table m disable trigger all;
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
alter view v rename to w;
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create trigger t2 before truncate on v execute function trg();
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create trigger t2 before insert on m execute function trg();
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create trigger t2 instead of insert on v for each statement execute function trg();
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create trigger t2 instead of insert on v for each row when (new.id > 1) execute function trg();
-- with: create table own.q (id int); create view own.v as select * from own.q; create materialized view own.m as select * from own.q
create trigger t2 instead of update of id on v for each row execute function trg();
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter table q1 drop constraint ct;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter table q drop constraint ct;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter trigger ct on q1 rename to x;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
drop trigger ct on q1;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter table q1 disable trigger ct;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter table q disable trigger ct;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter table only q disable trigger ct;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
alter table q detach partition q1;
-- with: create table own.q (id int) partition by range (id); create table own.q1 partition of own.q default; create constraint trigger ct after insert on own.q for each row execute function trg()
create policy p2 on q using (true);
