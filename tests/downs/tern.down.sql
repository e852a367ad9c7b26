drop index totals_total;
drop materialized view totals;
alter table contact alter column name type varchar(40);
