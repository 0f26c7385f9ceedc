-- SPDX-License-Identifier: PostgreSQL
alter table t inherit par;
create table child() inherits (t);
create table pn partition of p2 for values from ('2030-01-01') to ('2031-01-01');
create table pn partition of p for values from ('2030-01-01') to ('2031-01-01');
alter table p2 attach partition p2new for values from ('2022-01-01') to ('2023-01-01');
alter table p2 attach partition p2newc for values from ('2023-01-01') to ('2024-01-01');
alter table p attach partition pnew for values from ('2022-01-01') to ('2023-01-01');
alter table p attach partition pnewc for values from ('2023-01-01') to ('2024-01-01');
alter table p detach partition p1;
alter table unq no inherit par;
alter table p attach partition pnewc default;
create table if not exists pq partition of p2 default;
