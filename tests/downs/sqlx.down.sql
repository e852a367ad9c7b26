-- Add down migration script here
ALTER TYPE mood RENAME VALUE 'fine' TO 'ok';
DROP INDEX login_contact_at;
DROP TABLE login;
