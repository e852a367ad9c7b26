ALTER TABLE contacts RENAME COLUMN email_address TO email;
