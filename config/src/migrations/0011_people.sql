-- Contacts of the company and of each person, favourites, the customer directory.

-- What all of a company see.
CREATE TABLE contacts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    version      INTEGER NOT NULL DEFAULT 1,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    first_name   TEXT NOT NULL DEFAULT '' CHECK (length(first_name) <= 64),
    last_name    TEXT NOT NULL DEFAULT '' CHECK (length(last_name) <= 64),
    name         TEXT COLLATE NOCASE GENERATED ALWAYS AS (trim(first_name || ' ' || last_name)) VIRTUAL,
    organization TEXT NOT NULL DEFAULT '' CHECK (length(organization) <= 64),
    group_name   TEXT NOT NULL DEFAULT 'All Contacts' CHECK (length(group_name) <= 64),
    -- Numbers as people wrote them.
    work         TEXT NOT NULL DEFAULT '' CHECK (length(work) <= 40),
    mobile       TEXT NOT NULL DEFAULT '' CHECK (length(mobile) <= 40),
    home         TEXT NOT NULL DEFAULT '' CHECK (length(home) <= 40),
    fax          TEXT NOT NULL DEFAULT '' CHECK (length(fax) <= 40),
    work_2       TEXT NOT NULL DEFAULT '' CHECK (length(work_2) <= 40),
    mobile_2     TEXT NOT NULL DEFAULT '' CHECK (length(mobile_2) <= 40),
    home_2       TEXT NOT NULL DEFAULT '' CHECK (length(home_2) <= 40),
    other        TEXT NOT NULL DEFAULT '' CHECK (length(other) <= 40),
    email        TEXT NOT NULL DEFAULT '' CHECK (length(email) <= 254),
    notes        TEXT NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    CHECK (first_name || last_name <> ''),
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX contacts_by_name ON contacts (tenant_id, name, id);
CREATE INDEX contacts_by_group ON contacts (tenant_id, group_name, name, id);
CREATE INDEX contacts_search ON contacts (tenant_id, (first_name || char(10) || last_name || char(10) || organization
    || char(10) || group_name || char(10) || work || char(10) || mobile || char(10) || home || char(10) || fax || char(10) || work_2
    || char(10) || mobile_2 || char(10) || home_2 || char(10) || other || char(10) || email));

-- What one person alone sees: no administrator does, hence neither audit log, history nor text hold it.
CREATE TABLE own_contacts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    version      INTEGER NOT NULL DEFAULT 1,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    user_id      INTEGER NOT NULL,
    first_name   TEXT NOT NULL DEFAULT '' CHECK (length(first_name) <= 64),
    last_name    TEXT NOT NULL DEFAULT '' CHECK (length(last_name) <= 64),
    name         TEXT COLLATE NOCASE GENERATED ALWAYS AS (trim(first_name || ' ' || last_name)) VIRTUAL,
    organization TEXT NOT NULL DEFAULT '' CHECK (length(organization) <= 64),
    group_name   TEXT NOT NULL DEFAULT 'All Contacts' CHECK (length(group_name) <= 64),
    work         TEXT NOT NULL DEFAULT '' CHECK (length(work) <= 40),
    mobile       TEXT NOT NULL DEFAULT '' CHECK (length(mobile) <= 40),
    home         TEXT NOT NULL DEFAULT '' CHECK (length(home) <= 40),
    fax          TEXT NOT NULL DEFAULT '' CHECK (length(fax) <= 40),
    work_2       TEXT NOT NULL DEFAULT '' CHECK (length(work_2) <= 40),
    mobile_2     TEXT NOT NULL DEFAULT '' CHECK (length(mobile_2) <= 40),
    home_2       TEXT NOT NULL DEFAULT '' CHECK (length(home_2) <= 40),
    other        TEXT NOT NULL DEFAULT '' CHECK (length(other) <= 40),
    email        TEXT NOT NULL DEFAULT '' CHECK (length(email) <= 254),
    notes        TEXT NOT NULL DEFAULT '' CHECK (length(notes) <= 2000),
    CHECK (first_name || last_name <> ''),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX own_contacts_by_user ON own_contacts (user_id, name, id);
CREATE INDEX own_contacts_by_tenant ON own_contacts (tenant_id, user_id);

-- Calls show these names, too: whoever writes them leaves a mark for the running program.
CREATE TRIGGER own_contacts_insert_change AFTER INSERT ON own_contacts BEGIN
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'own_contacts', NEW.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
END;
CREATE TRIGGER own_contacts_update_change AFTER UPDATE OF id, tenant_id, user_id, first_name, last_name, organization, group_name,
    work, mobile, home, fax, work_2, mobile_2, home_2, other, email, notes ON own_contacts BEGIN
    UPDATE own_contacts SET version = OLD.version + 1 WHERE id = NEW.id AND version = OLD.version;
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'own_contacts', OLD.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
    INSERT INTO change (tbl, row_id, revision) SELECT 'own_contacts', NEW.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
END;
CREATE TRIGGER own_contacts_delete_change AFTER DELETE ON own_contacts BEGIN
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'own_contacts', OLD.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
END;

-- owner: the user; kind and target: a contact of their own, one of the company, or a colleague.
CREATE TABLE favourites (
    owner  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL CHECK (kind IN ('own', 'shared', 'user')),
    target INTEGER NOT NULL,
    PRIMARY KEY (owner, kind, target)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER contacts_were_favourites AFTER DELETE ON contacts BEGIN
    DELETE FROM favourites WHERE kind = 'shared' AND target = OLD.id;
END;
CREATE TRIGGER own_contacts_were_favourites AFTER DELETE ON own_contacts BEGIN
    DELETE FROM favourites WHERE kind = 'own' AND target = OLD.id;
END;
CREATE TRIGGER users_were_favourites AFTER DELETE ON users BEGIN
    DELETE FROM favourites WHERE kind = 'user' AND target = OLD.id;
END;
CREATE INDEX favourites_by_target ON favourites (kind, target);

-- The customer directory of a company, read over LDAP.
CREATE TABLE ldap_settings (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    version                INTEGER NOT NULL DEFAULT 1,
    tenant_id              INTEGER NOT NULL UNIQUE REFERENCES tenants (id) ON DELETE CASCADE,
    enabled                INTEGER NOT NULL DEFAULT 0 CHECK (enabled IN (0, 1)),
    caller_names           INTEGER NOT NULL DEFAULT 1 CHECK (caller_names IN (0, 1)),
    url                    TEXT NOT NULL DEFAULT '' CHECK (length(url) <= 200),
    start_tls              INTEGER NOT NULL DEFAULT 0 CHECK (start_tls IN (0, 1)),
    bind_dn                TEXT NOT NULL DEFAULT '' CHECK (length(bind_dn) <= 250),
    password               TEXT NOT NULL DEFAULT '',
    base                   TEXT NOT NULL DEFAULT '' CHECK (length(base) <= 250),
    filter                 TEXT NOT NULL DEFAULT '(|(cn=*{}*)(sn=*{}*)(givenName=*{}*)(o=*{}*)(mail=*{}*)(telephoneNumber=*{}*)(mobile=*{}*)(homePhone=*{}*))'
        CHECK (length(filter) <= 1000),
    name_attribute         TEXT NOT NULL DEFAULT 'cn' CHECK (length(name_attribute) <= 64),
    organization_attribute TEXT NOT NULL DEFAULT 'o' CHECK (length(organization_attribute) <= 64),
    work_attribute         TEXT NOT NULL DEFAULT 'telephoneNumber' CHECK (length(work_attribute) <= 64),
    mobile_attribute       TEXT NOT NULL DEFAULT 'mobile' CHECK (length(mobile_attribute) <= 64),
    home_attribute         TEXT NOT NULL DEFAULT 'homePhone' CHECK (length(home_attribute) <= 64),
    email_attribute        TEXT NOT NULL DEFAULT 'mail' CHECK (length(email_attribute) <= 64)
) STRICT;
INSERT INTO ldap_settings (tenant_id) SELECT id FROM tenants;
CREATE TRIGGER tenants_have_ldap_settings AFTER INSERT ON tenants BEGIN
    INSERT INTO ldap_settings (tenant_id) VALUES (NEW.id);
END;

-- Names of numbers as the customer directory last gave them, so that no call waits for it.
CREATE TABLE ldap_names (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    number    TEXT NOT NULL CHECK (length(number) BETWEEN 1 AND 40),
    name      TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    UNIQUE (tenant_id, number)
) STRICT;
CREATE TRIGGER ldap_names_insert_change AFTER INSERT ON ldap_names BEGIN
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'ldap_names', NEW.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
END;
CREATE TRIGGER ldap_names_update_change AFTER UPDATE OF id, tenant_id, number, name ON ldap_names BEGIN
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'ldap_names', NEW.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
END;
CREATE TRIGGER ldap_names_delete_change AFTER DELETE ON ldap_names BEGIN
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'ldap_names', OLD.id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
END;
