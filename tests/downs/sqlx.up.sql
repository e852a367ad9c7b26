CREATE TABLE login (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), contact int NOT NULL REFERENCES contact ON DELETE CASCADE, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX login_contact_at ON login (contact, at);
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
