-- SIP over TLS for trunks, and encrypted speech. The triggers are made anew from the declarations; those of before know the
-- column that goes.
DROP TRIGGER IF EXISTS trunks_insert_change;
DROP TRIGGER IF EXISTS trunks_update_change;
DROP TRIGGER IF EXISTS trunks_delete_change;
DROP TRIGGER IF EXISTS trunks_insert_history;
DROP TRIGGER IF EXISTS trunks_update_history;
DROP TRIGGER IF EXISTS trunks_delete_history;

ALTER TABLE trunks RENAME COLUMN transport TO transport_before;
ALTER TABLE trunks ADD COLUMN transport TEXT NOT NULL DEFAULT 'udp' CHECK (transport IN ('udp', 'tcp', 'dns', 'tls'));
UPDATE trunks SET transport = transport_before;
ALTER TABLE trunks DROP COLUMN transport_before;

-- Whom we believe to be the trunk's server: whoever has a certificate of a known authority, the certificate below (or one
-- that it signed), or anybody.
ALTER TABLE trunks ADD COLUMN trust TEXT NOT NULL DEFAULT 'authority' CHECK (trust IN ('authority', 'certificate', 'any'));
ALTER TABLE trunks ADD COLUMN certificate TEXT NOT NULL DEFAULT '' CHECK (length(certificate) <= 16000);

ALTER TABLE trunks ADD COLUMN srtp TEXT NOT NULL DEFAULT 'off' CHECK (srtp IN ('off', 'optional', 'required'));
ALTER TABLE trunks ADD COLUMN clear_keys INTEGER NOT NULL DEFAULT 0 CHECK (clear_keys IN (0, 1));
ALTER TABLE devices ADD COLUMN srtp TEXT NOT NULL DEFAULT 'optional' CHECK (srtp IN ('off', 'optional', 'required'));
ALTER TABLE devices ADD COLUMN clear_keys INTEGER NOT NULL DEFAULT 0 CHECK (clear_keys IN (0, 1));
