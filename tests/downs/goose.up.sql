ALTER TABLE contact ADD COLUMN note text;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, ''); RETURN NEW; END; $$;
CREATE TRIGGER contact_noted BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION noted();
CREATE OR REPLACE VIEW mails AS SELECT id, email, name FROM contact;
