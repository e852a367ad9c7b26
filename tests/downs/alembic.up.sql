CREATE TABLE team (
    id SERIAL NOT NULL, 
    name VARCHAR(40) NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT uq_team_name UNIQUE (name)
);

ALTER TABLE contact ADD COLUMN team_id INTEGER;

ALTER TABLE contact ADD COLUMN note TEXT DEFAULT 'x' NOT NULL;

ALTER TABLE contact ADD CONSTRAINT fk_contact_team FOREIGN KEY(team_id) REFERENCES team (id) ON DELETE SET NULL;

CREATE INDEX ix_contact_team_id ON contact (team_id);

ALTER TABLE contact RENAME email TO email_address;

ALTER TABLE contact ALTER COLUMN name TYPE TEXT;

ALTER TABLE contact ADD CONSTRAINT ck_contact_email CHECK (email_address LIKE '%@%');

ALTER TABLE contact ADD CONSTRAINT uq_contact_email UNIQUE (email_address);

DROP INDEX ix_orders_total;

ALTER TABLE orders RENAME TO purchases;

ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
