-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TYPE mood AS ENUM ('sad', 'ok', 'in, between');
CREATE TYPE place AS (street text, number int);
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE contacts (id int PRIMARY KEY, email text, team int, m mood DEFAULT 'ok', at place, c code);
CREATE TABLE orders (id int PRIMARY KEY, contact int, total numeric);
CREATE INDEX orders_total ON orders (total);
CREATE VIEW felt AS SELECT id, m FROM contacts WHERE m <> 'ok';
CREATE MATERIALIZED VIEW totals AS SELECT contact, sum(total) AS total FROM orders GROUP BY contact;
CREATE UNIQUE INDEX totals_contact ON totals (contact);
CREATE SEQUENCE numbers;
CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
CREATE FUNCTION feeling(mood) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1::text';
INSERT INTO contacts SELECT n, 'a' || n, n, 'sad', ROW('x', n)::place FROM generate_series(1, 9) n;
INSERT INTO orders SELECT n, n, n FROM generate_series(1, 9) n;

-- @script CREATE MATERIALIZED VIEW m AS SELECT 1 FROM orders JOIN conta...
CREATE MATERIALIZED VIEW m AS SELECT 1 FROM orders JOIN contacts USING (id)

-- @script CREATE MATERIALIZED VIEW m AS SELECT 1 FROM orders WITH NO DATA
CREATE MATERIALIZED VIEW m AS SELECT 1 FROM orders WITH NO DATA

-- @script REFRESH MATERIALIZED VIEW totals
REFRESH MATERIALIZED VIEW totals

-- @script REFRESH MATERIALIZED VIEW totals WITH NO DATA
REFRESH MATERIALIZED VIEW totals WITH NO DATA

-- @script LOCK TABLE orders IN SHARE MODE
LOCK TABLE orders IN SHARE MODE

-- @script LOCK TABLE orders IN SHARE MODE; ALTER TABLE contacts DROP CO...
LOCK TABLE orders IN SHARE MODE; ALTER TABLE contacts DROP COLUMN team

-- @migration
ALTER DOMAIN code RENAME TO codes;

-- @script rename domain
ALTER DOMAIN codes RENAME TO code

-- @migration
ALTER FUNCTION twice(int) RENAME TO doubled;

-- @script rename function
ALTER FUNCTION public.doubled(int) RENAME TO twice

-- @migration
ALTER FUNCTION twice(int) VOLATILE COST 7;

-- @script alter function
ALTER FUNCTION twice(int) IMMUTABLE COST 100

-- @migration
ALTER SEQUENCE numbers AS int MAXVALUE 99 CACHE 5;

-- @script settings of a sequence
ALTER SEQUENCE numbers AS bigint NO MAXVALUE CACHE 1

-- @migration
ALTER SEQUENCE numbers INCREMENT 2;

-- @script restart of a sequence | accept lose=numbers
ALTER SEQUENCE numbers INCREMENT 1 RESTART WITH 5

-- @migration
ALTER SEQUENCE numbers OWNED BY orders.id;

-- @script owner of a sequence
ALTER SEQUENCE numbers OWNED BY NONE

-- @migration
ALTER TABLE orders ADD COLUMN n int;

-- @script lock
LOCK TABLE orders, ONLY contacts IN SHARE MODE; ALTER TABLE orders DROP COLUMN n

-- @migration
ALTER TABLE orders ALTER COLUMN total SET (n_distinct = 5);

-- @script options of a column
ALTER TABLE orders ALTER COLUMN total RESET (n_distinct)

-- @migration
ALTER TABLE orders ALTER COLUMN total SET STATISTICS 500;

-- @script target of statistics
ALTER TABLE orders ALTER COLUMN total SET STATISTICS -1

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_pkey;

-- @script primary key without a name
ALTER TABLE orders ADD PRIMARY KEY (id)

-- @migration
ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;CREATE POLICY own ON orders USING (contact = 1);

-- @script row security off
DROP POLICY own ON orders;ALTER TABLE orders DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY

-- @migration
ALTER TABLE orders REPLICA IDENTITY FULL;

-- @script replica identity
ALTER TABLE orders REPLICA IDENTITY DEFAULT

-- @migration
ALTER TYPE mood ADD VALUE 'elated';

-- @script take back a value of an enum | accept lose=contacts.m
DROP VIEW felt; DROP FUNCTION feeling(mood); ALTER TABLE contacts ALTER COLUMN m DROP DEFAULT;ALTER TYPE mood RENAME TO mood_new; CREATE TYPE mood AS ENUM ('sad', 'ok', 'in, between');ALTER TABLE contacts ALTER COLUMN m TYPE mood USING m::text::mood;ALTER TABLE contacts ALTER COLUMN m SET DEFAULT 'ok'; DROP TYPE public.mood_new;CREATE VIEW felt AS SELECT id, m FROM contacts WHERE m <> 'ok';CREATE FUNCTION feeling(mood) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1::text'

-- @migration
ALTER TYPE mood RENAME TO feelings;

-- @script rename type
ALTER TYPE public.feelings RENAME TO mood

-- @migration
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';

-- @migration
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; ALTER TABLE contacts ADD COLUMN n int;

-- @script rename value beside a table
ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'; ALTER TABLE contacts DROP COLUMN n

-- @migration
ALTER TYPE place ADD ATTRIBUTE zip text;

-- @script drop attribute | accept lose=place.zip
ALTER TYPE place DROP ATTRIBUTE zip

-- @migration
ALTER TYPE place DROP ATTRIBUTE number;

-- @script add attribute
ALTER TYPE place ADD ATTRIBUTE number int

-- @migration
ALTER TYPE place RENAME ATTRIBUTE number TO no;

-- @script rename attribute
ALTER TYPE place RENAME ATTRIBUTE no TO number

-- @migration
ALTER TYPE place RENAME ATTRIBUTE number TO no; ALTER TYPE place RENAME TO spot;

-- @script rename composite type and an attribute
ALTER TYPE spot RENAME TO place; ALTER TYPE place RENAME ATTRIBUTE no TO number

-- @migration
ALTER VIEW felt RENAME COLUMN m TO feeling;

-- @script rename column of a view
ALTER VIEW felt RENAME COLUMN feeling TO m

-- @migration
CREATE AGGREGATE product(int) (sfunc = int4mul, stype = int, initcond = 1);

-- @script drop aggregate
DROP AGGREGATE product(int)

-- @migration
CREATE DOMAIN short AS text;

-- @migration
CREATE EXTENSION EXTENSION_THAT_IS_THERE;

-- @script drop extension
DROP EXTENSION EXTENSION_THAT_IS_THERE

-- @migration
CREATE INDEX totals_total ON totals (total);

-- @script refresh
DROP INDEX totals_total; REFRESH MATERIALIZED VIEW CONCURRENTLY totals;REFRESH MATERIALIZED VIEW totals

-- @migration
CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq);

-- @script drop operator
DROP OPERATOR public.=== (int, int)

-- @migration
CREATE PUBLICATION feed FOR TABLE orders;

-- @script drop publication
DROP PUBLICATION feed

-- @migration
CREATE STATISTICS related ON contact, total FROM orders;

-- @script drop statistics
DROP STATISTICS public.related

-- @migration
CREATE STATISTICS related ON contact, total FROM orders; ALTER TABLE orders ADD COLUMN n int;

-- @script drop statistics beside its table
DROP STATISTICS related; ALTER TABLE orders DROP COLUMN n

-- @migration
CREATE TABLE n (id serial); CREATE TABLE m (id serial, x int);

-- @script sequence that goes with its table | accept lose=n lose=m lose=m.id
DROP TABLE n; DROP SEQUENCE IF EXISTS n_id_seq; ALTER TABLE m DROP COLUMN id;DROP SEQUENCE IF EXISTS m_id_seq; DROP TABLE m

-- @migration
CREATE TYPE x AS ENUM ('a'); CREATE DOMAIN y AS x; CREATE FUNCTION z(y) RETURNS y LANGUAGE sql AS 'SELECT $1';

-- @script types that hang together
DROP FUNCTION z(y); DROP TYPE x, y

-- @migration
DROP MATERIALIZED VIEW totals;

-- @script materialized view
CREATE MATERIALIZED VIEW totals AS SELECT contact, sum(total) AS total FROM orders GROUP BY contact;CREATE UNIQUE INDEX totals_contact ON totals (contact)

-- @migration
REVOKE USAGE ON SCHEMA public FROM PUBLIC;

-- @script right on a schema
GRANT USAGE ON SCHEMA public TO PUBLIC

-- @more
ALTER TABLE orders ADD CHECK (total > 0);

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_total_check, ADD CHECK (total > -1);

-- @script name of a constraint that the plan frees
ALTER TABLE orders DROP CONSTRAINT orders_total_check; ALTER TABLE orders ADD CHECK (total > 0)

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_total_check;

-- @script check without a name
ALTER TABLE orders ADD CHECK (total > 0)

-- @more
ALTER TABLE orders ADD CHECK (total > 0), ADD CHECK (total < 100);

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_total_check1;

-- @script second check without a name
ALTER TABLE orders ADD CHECK (total < 100)

-- @more
ALTER TABLE orders ADD CHECK (total > 0 OR id > 0);

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_check;

-- @script check of two columns without a name
ALTER TABLE orders ADD CHECK (total > 0 OR id > 0)

-- @more
ALTER TABLE orders ADD UNIQUE (contact, total);

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_contact_total_key;

-- @script unique without a name
ALTER TABLE orders ADD UNIQUE (contact, total)

-- @more
CREATE UNIQUE INDEX by_contact ON orders (contact);ALTER TABLE orders ADD UNIQUE USING INDEX by_contact;

-- @migration
ALTER TABLE orders DROP CONSTRAINT by_contact; CREATE UNIQUE INDEX by_contact ON orders (contact);

-- @script unique of an index without a name
ALTER TABLE orders ADD UNIQUE USING INDEX by_contact

-- @more
ALTER TABLE orders ADD FOREIGN KEY (contact) REFERENCES contacts;

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_contact_fkey;

-- @script foreign key without a name
ALTER TABLE orders ADD FOREIGN KEY (contact) REFERENCES contacts

-- @more
ALTER TABLE orders ADD EXCLUDE (id WITH =);

-- @migration
ALTER TABLE orders DROP CONSTRAINT orders_id_excl;

-- @script exclusion without a name
ALTER TABLE orders ADD EXCLUDE (id WITH =)

-- @more
CREATE INDEX ON contacts (email, team); CREATE INDEX ON contacts (lower(email));CREATE INDEX ON contacts ((team + 1), (team + 2)); CREATE INDEX ON contacts (team);CREATE UNIQUE INDEX ON contacts (team);

-- @migration
DROP INDEX contacts_email_team_idx, contacts_lower_idx, contacts_expr_expr1_idx, contacts_team_idx, contacts_team_idx1;

-- @script indexes without a name
CREATE INDEX ON contacts (email, team); CREATE INDEX ON contacts (lower(email));CREATE INDEX ON contacts ((team + 1), (team + 2)); CREATE INDEX ON contacts (team);CREATE UNIQUE INDEX ON contacts (team)

-- @more
ALTER TABLE contacts ADD COLUMN nick text; CREATE INDEX ON contacts (nick);

-- @migration
DROP INDEX contacts_nick_idx; ALTER TABLE contacts DROP COLUMN nick;

-- @script index of a column of the plan
ALTER TABLE contacts ADD COLUMN nick text; CREATE INDEX ON contacts (nick)

-- @more
CREATE EXTENSION EXTENSION_THAT_IS_THERE;

-- @migration
DROP EXTENSION EXTENSION_THAT_IS_THERE;

-- @script create extension
CREATE EXTENSION IF NOT EXISTS EXTENSION_THAT_IS_THERE

-- @more
ALTER SEQUENCE numbers OWNED BY orders.id;

-- @migration
ALTER SEQUENCE numbers OWNED BY NONE;

-- @script owner of a sequence back
ALTER SEQUENCE numbers OWNED BY public.orders.id

-- @more
CREATE TABLE n (id serial);

-- @migration
ALTER TABLE n RENAME TO m; ALTER SEQUENCE n_id_seq RENAME TO m_id_seq;ALTER TABLE m RENAME id TO no;

-- @script sequence of a renamed table
ALTER TABLE m RENAME no TO id; ALTER SEQUENCE m_id_seq RENAME TO n_id_seq;ALTER TABLE m RENAME TO n

-- @more
ALTER TABLE orders SET (autovacuum_enabled = true);

-- @migration
ALTER TABLE orders SET (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);ALTER INDEX orders_total SET (fillfactor = 50); ALTER VIEW felt SET (security_barrier);

-- @script storage parameters
ALTER TABLE orders RESET (fillfactor, toast.autovacuum_enabled);ALTER TABLE orders SET (autovacuum_enabled); ALTER INDEX orders_total RESET (fillfactor);ALTER VIEW felt RESET (security_barrier)

-- @more
ALTER TABLE orders ALTER COLUMN total SET STATISTICS 500;

-- @migration
ALTER TABLE orders ALTER COLUMN total SET STATISTICS -1, ALTER COLUMN id SET STATISTICS 9;ALTER TABLE orders RENAME COLUMN total TO sum;

-- @script target of statistics back, beside a rename
ALTER TABLE orders ALTER COLUMN sum SET STATISTICS 500, ALTER COLUMN id SET STATISTICS -1;ALTER TABLE orders RENAME COLUMN sum TO total

-- @more
CREATE TABLE made (id serial);

-- @migration
ALTER SEQUENCE made_id_seq RENAME TO counted;

-- @script rename sequence of a column
ALTER SEQUENCE counted RENAME TO made_id_seq

-- @more
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;CREATE POLICY own ON orders USING (twice(contact) = 2);

-- @migration
ALTER TABLE orders DISABLE ROW LEVEL SECURITY; DROP POLICY own ON orders;

-- @script row security on
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;CREATE POLICY own ON orders USING (twice(contact) = 2)

-- @more
CREATE POLICY own ON orders USING (contact = 1);

-- @migration
ALTER POLICY own ON orders USING (true);

-- @script alter policy
ALTER POLICY own ON orders USING (contact = 1)

-- @more
CREATE PUBLICATION feed FOR TABLE orders;

-- @migration
ALTER PUBLICATION feed ADD TABLE contacts;

-- @script alter publication
ALTER PUBLICATION feed DROP TABLE contacts

-- @migration
ALTER PUBLICATION feed RENAME TO news;

-- @script rename publication
ALTER PUBLICATION news RENAME TO feed

-- @migration
DROP PUBLICATION feed;

-- @script create publication
CREATE PUBLICATION feed FOR TABLE orders

-- @more
CREATE POLICY own ON orders USING (contact = 1); CREATE TRIGGER same BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();

-- @migration
ALTER POLICY own ON orders RENAME TO mine; ALTER TRIGGER same ON orders RENAME TO equal;

-- @script rename policy and trigger
ALTER POLICY mine ON orders RENAME TO own; ALTER TRIGGER equal ON orders RENAME TO same

-- @more
ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey;

-- @migration
ALTER TABLE orders REPLICA IDENTITY DEFAULT;

-- @script replica identity back
ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey

-- @more
ALTER TABLE orders ADD COLUMN n int;

-- @script ALTER TABLE orders DROP COLUMN n; ALTER TABLE orders RENAME C...
ALTER TABLE orders DROP COLUMN n; ALTER TABLE orders RENAME COLUMN total TO sum
