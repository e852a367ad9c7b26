-- Scripts and the schemas that they are for; how the pieces are marked: tests/golden/corpus.py.

-- @schema
CREATE TABLE places (id bigint PRIMARY KEY, name text);
CREATE TABLE contacts (id int, email text, phone text, place int, age int);
INSERT INTO places VALUES (1, 'here');
INSERT INTO contacts VALUES (1, 'a@example.org', '1', 1, 30), (2, 'b@example.org', '2', NULL, NULL);

-- @script ALTER TABLE contacts ALTER COLUMN email SET NOT NULL; ALTER T...
ALTER TABLE contacts ALTER COLUMN email SET NOT NULL;
ALTER TABLE contacts ADD CONSTRAINT contacts_place FOREIGN KEY (place) REFERENCES places;
ALTER TABLE contacts RENAME COLUMN age TO years;
ALTER TABLE contacts ADD CONSTRAINT grown CHECK (contacts.years >= 18);
ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX contacts_phone ON contacts (phone)

-- @more
INSERT INTO contacts VALUES (3, NULL, '3', 1, 40);
INSERT INTO contacts VALUES (4, 'secret', '4', 2, 40);
INSERT INTO contacts VALUES (5, 'c@example.org', '5', 1, 17);
INSERT INTO contacts VALUES (5, 'd@example.org', '6', 1, 40);
INSERT INTO contacts VALUES (6, 'e@example.org', '6', 1, 40);
ALTER TABLE contacts ADD COLUMN alias text;

-- @script UPDATE contacts SET email = '' WHERE email IS NULL; ALTER TAB... | accept lose=contacts.email
UPDATE contacts SET email = '' WHERE email IS NULL; ALTER TABLE contacts ALTER email SET NOT NULL

-- @script INSERT INTO places VALUES (2, 'there');ALTER TABLE contacts A...
INSERT INTO places VALUES (2, 'there');ALTER TABLE contacts ADD CONSTRAINT fk FOREIGN KEY (place) REFERENCES places

-- @script ALTER TABLE contacts ADD COLUMN note text;ALTER TABLE contact...
ALTER TABLE contacts ADD COLUMN note text;ALTER TABLE contacts ADD CONSTRAINT n CHECK (note <> '')

-- @script ALTER TABLE contacts ALTER id TYPE text USING id // '/' // ph... | accept lose=contacts.id
ALTER TABLE contacts ALTER id TYPE text USING id || '/' || phone;ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (id)

-- @script ALTER TABLE contacts ADD CONSTRAINT grown CHECK (age >= 18) N...
ALTER TABLE contacts ADD CONSTRAINT grown CHECK (age >= 18) NOT VALID

-- @script ALTER TABLE contacts ADD CONSTRAINT g CHECK (age >= 18) NOT V... | accept lose=contacts.age
ALTER TABLE contacts ADD CONSTRAINT g CHECK (age >= 18) NOT VALID;UPDATE contacts SET age = 18 WHERE age < 18; ALTER TABLE contacts VALIDATE CONSTRAINT g

-- @script ALTER TABLE contacts ADD CONSTRAINT x EXCLUDE (id WITH =) WHE...
ALTER TABLE contacts ADD CONSTRAINT x EXCLUDE (id WITH =) WHERE (id < 5)

-- @script CREATE UNIQUE INDEX u ON contacts (phone) WHERE id < 5
CREATE UNIQUE INDEX u ON contacts (phone) WHERE id < 5

-- @script ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (place, alias)
ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (place, alias)

-- @more
INSERT INTO contacts VALUES (3, NULL, '3', 1, 40);
INSERT INTO contacts VALUES (4, 'secret', '4', 2, 40);
INSERT INTO contacts VALUES (5, 'c@example.org', '5', 1, 17);
INSERT INTO contacts VALUES (5, 'd@example.org', '6', 1, 40);
INSERT INTO contacts VALUES (6, 'e@example.org', '6', 1, 40);

-- @script ALTER TABLE contacts ALTER COLUMN email SET NOT NULL; ALTER T... (2)
ALTER TABLE contacts ALTER COLUMN email SET NOT NULL;
ALTER TABLE contacts ADD CONSTRAINT contacts_place FOREIGN KEY (place) REFERENCES places;
ALTER TABLE contacts RENAME COLUMN age TO years;
ALTER TABLE contacts ADD CONSTRAINT grown CHECK (contacts.years >= 18);
ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX contacts_phone ON contacts (phone)

-- @schema
CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);

-- @script ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ALTER COLUMN c ...
ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ALTER COLUMN c SET NOT NULL

-- @script ALTER TABLE t ADD COLUMN c int DEFAULT 1; ALTER TABLE t ALTER...
ALTER TABLE t ADD COLUMN c int DEFAULT 1; ALTER TABLE t ALTER COLUMN c SET NOT NULL

-- @script ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = id; ALTER TA...
ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = id; ALTER TABLE t ALTER COLUMN c SET NOT NULL
