-- What the organization's tables lacked: retention by tenant, issues told by mail, licences told to other products.

-- Blank is as the program's own settings say. AUD-01.
ALTER TABLE settings ADD COLUMN audit_days INTEGER CHECK (audit_days BETWEEN 90 AND 3650);
CREATE INDEX audit_by_age ON audit (tenant_id, at_ms);

-- Announcements of what does not work. EXTL-05.
ALTER TABLE announcements ADD COLUMN issue INTEGER NOT NULL DEFAULT 0 CHECK (issue IN (0, 1));
CREATE TABLE status_subscriptions (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    since   INTEGER NOT NULL
) STRICT;
-- Which of them went out, so that each does once.
CREATE TABLE issues_told (
    announcement_id INTEGER PRIMARY KEY REFERENCES announcements (id) ON DELETE CASCADE,
    told_at         INTEGER NOT NULL
) STRICT;

-- Who has which licence of another product, as far as that product was told. Rows outlive user and licence, because their
-- end is to be told too. LIC-10.
CREATE TABLE licences_told (
    user_id    INTEGER NOT NULL,
    licence_id INTEGER NOT NULL,
    tenant_id  INTEGER NOT NULL,
    licence    TEXT    NOT NULL,
    webhook    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    email      TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    PRIMARY KEY (user_id, licence_id)
) STRICT, WITHOUT ROWID;

-- The phone that rings first, in order and without looking at the rows: the column of extensions is filtered by it.
DROP INDEX devices_by_user;
CREATE INDEX devices_by_user
    ON devices (tenant_id, user_id, (ring <> 'immediate'), (ring = 'disabled'), id, kind, mac, username);
