alter table contact drop constraint contact_mail_key;
alter table contact drop column state;
