-- Sites, departments, licences, numbers, links, announcements, and what users and devices have of them.

CREATE TABLE sites (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    version     INTEGER NOT NULL DEFAULT 1,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    street      TEXT NOT NULL DEFAULT '' CHECK (length(street) <= 128),
    postal_code TEXT NOT NULL DEFAULT '' CHECK (length(postal_code) <= 16),
    city        TEXT NOT NULL DEFAULT '' CHECK (length(city) <= 64),
    region      TEXT NOT NULL DEFAULT '' CHECK (length(region) <= 64),
    country     TEXT NOT NULL DEFAULT '' CHECK (length(country) IN (0, 2)),
    time_zone   TEXT NOT NULL DEFAULT 'UTC' CHECK (length(time_zone) BETWEEN 1 AND 64),
    area_code   TEXT NOT NULL DEFAULT '' CHECK (length(area_code) <= 8),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

-- Two levels: a department, and departments below it.
CREATE TABLE departments (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    name      TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    parent_id INTEGER CHECK (parent_id <> id),
    park_code TEXT NOT NULL DEFAULT '' CHECK (length(park_code) <= 6),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES departments (tenant_id, id)
) STRICT;
CREATE INDEX departments_by_parent ON departments (tenant_id, parent_id);

-- What a company has bought: how often, and of what kind. Without a quantity there is no end of it.
CREATE TABLE licences (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name      TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    kind      TEXT NOT NULL CHECK (kind IN ('advanced_user', 'call_center', 'transcription', 'softphone', 'external')),
    quantity  INTEGER CHECK (quantity BETWEEN 0 AND 1000000),
    webhook   TEXT NOT NULL DEFAULT '' CHECK (length(webhook) <= 2000),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

-- owner: the user; target: a licence other than that of every user, which is a column of users.
CREATE TABLE users_licences (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES licences (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX users_licences_by_target ON users_licences (tenant_id, target);

CREATE TABLE numbers (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    version       INTEGER NOT NULL DEFAULT 1,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    -- ITU-T E.164 with its plus sign.
    number        TEXT NOT NULL UNIQUE CHECK (number GLOB '+[1-9]*' AND length(number) BETWEEN 7 AND 16),
    description   TEXT NOT NULL DEFAULT '' CHECK (length(description) <= 128),
    site_id       INTEGER,
    user_id       INTEGER,
    ring_group_id INTEGER,
    sms           INTEGER NOT NULL DEFAULT 0 CHECK (sms IN (0, 1)),
    UNIQUE (tenant_id, id),
    -- A number rings one user or one group.
    CHECK (user_id IS NULL OR ring_group_id IS NULL),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, ring_group_id) REFERENCES ring_groups (tenant_id, id)
) STRICT;
CREATE INDEX numbers_by_number ON numbers (tenant_id, number);
CREATE INDEX numbers_by_site ON numbers (tenant_id, site_id);
CREATE INDEX numbers_by_user ON numbers (tenant_id, user_id);
CREATE INDEX numbers_by_ring_group ON numbers (tenant_id, ring_group_id);

CREATE TABLE links (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    label     TEXT NOT NULL COLLATE NOCASE CHECK (length(label) BETWEEN 1 AND 64),
    url       TEXT NOT NULL CHECK (url GLOB 'http*://*'),
    icon      TEXT NOT NULL DEFAULT 'link',
    audience  TEXT NOT NULL DEFAULT 'everybody' CHECK (audience IN ('everybody', 'administrators')),
    position  INTEGER NOT NULL DEFAULT 10 CHECK (position BETWEEN 1 AND 999),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, label)
) STRICT;

CREATE TABLE announcements (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    title     TEXT NOT NULL COLLATE NOCASE CHECK (length(title) BETWEEN 1 AND 128),
    text      TEXT NOT NULL DEFAULT '' CHECK (length(text) <= 2000),
    tone      TEXT NOT NULL DEFAULT 'plain' CHECK (tone IN ('plain', 'ok', 'warn')),
    audience  TEXT NOT NULL DEFAULT 'everybody' CHECK (audience IN ('everybody', 'administrators')),
    -- 2026-11-22T13:30:00Z, or blank for no end.
    starts    TEXT NOT NULL DEFAULT '' CHECK (length(starts) IN (0, 20)),
    ends      TEXT NOT NULL DEFAULT '' CHECK (length(ends) IN (0, 20)),
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX announcements_by_tenant ON announcements (tenant_id, id);

-- Contents of uploads. No revision when they change: the fields that hold their keys have that.
CREATE TABLE files (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    key       TEXT NOT NULL,
    content   BLOB NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT;

ALTER TABLE settings ADD COLUMN default_site_id INTEGER REFERENCES sites (id) ON DELETE SET NULL;
ALTER TABLE settings ADD COLUMN display_name TEXT NOT NULL DEFAULT '' CHECK (length(display_name) <= 64);
ALTER TABLE settings ADD COLUMN logo TEXT NOT NULL DEFAULT '' CHECK (length(logo) <= 80);
ALTER TABLE settings ADD COLUMN session_length INTEGER NOT NULL DEFAULT 43200 CHECK (session_length BETWEEN 300 AND 43200);
ALTER TABLE settings ADD COLUMN area_code TEXT NOT NULL DEFAULT '' CHECK (length(area_code) <= 8);

ALTER TABLE users ADD COLUMN site_id INTEGER REFERENCES sites (id);
ALTER TABLE users ADD COLUMN department_id INTEGER REFERENCES departments (id);
ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT '' CHECK (length(time_zone) <= 64);
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '' CHECK (language IN ('', 'de', 'en'));
ALTER TABLE users ADD COLUMN mobile TEXT NOT NULL DEFAULT '' CHECK (length(mobile) <= 16);
ALTER TABLE users ADD COLUMN work_phone TEXT NOT NULL DEFAULT '' CHECK (length(work_phone) <= 16);
ALTER TABLE users ADD COLUMN home_phone TEXT NOT NULL DEFAULT '' CHECK (length(home_phone) <= 16);
ALTER TABLE users ADD COLUMN area_code TEXT NOT NULL DEFAULT '' CHECK (length(area_code) <= 8);
ALTER TABLE users ADD COLUMN in_directory INTEGER NOT NULL DEFAULT 1 CHECK (in_directory IN (0, 1));
ALTER TABLE users ADD COLUMN in_audio_directory INTEGER NOT NULL DEFAULT 0 CHECK (in_audio_directory IN (0, 1));
ALTER TABLE users ADD COLUMN caller_id_id INTEGER REFERENCES numbers (id);
-- Whether they have the licence of every user, Advanced User: portal, number, mailbox, calls.
ALTER TABLE users ADD COLUMN licensed INTEGER NOT NULL DEFAULT 1 CHECK (licensed IN (0, 1));
CREATE INDEX users_by_licensed ON users (tenant_id, licensed, name, id);
-- Kept by triggers: since when suspended, Unix milliseconds.
ALTER TABLE users ADD COLUMN suspended_at INTEGER;
CREATE INDEX users_by_site ON users (tenant_id, site_id, name, id);
CREATE INDEX users_by_department ON users (tenant_id, department_id, name, id);
CREATE INDEX users_by_caller_id ON users (tenant_id, caller_id_id);
DROP INDEX users_search;
CREATE INDEX users_search ON users (tenant_id, (first_name || char(10) || last_name || char(10) || email
    || char(10) || login || char(10) || area_code || char(10) || mobile || char(10) || work_phone || char(10) || home_phone
    || char(10) || forward_always || char(10) || forward_busy || char(10) || forward_no_answer));

ALTER TABLE devices ADD COLUMN site_id INTEGER REFERENCES sites (id);
ALTER TABLE devices ADD COLUMN kind TEXT NOT NULL DEFAULT 'desktop' CHECK (kind IN ('desktop', 'softphone', 'mobile'));
ALTER TABLE devices ADD COLUMN mac TEXT NOT NULL DEFAULT '' CHECK (length(mac) IN (0, 12));
ALTER TABLE devices ADD COLUMN location TEXT NOT NULL DEFAULT '' CHECK (length(location) <= 64);
ALTER TABLE devices ADD COLUMN description TEXT NOT NULL DEFAULT '' CHECK (length(description) <= 128);
ALTER TABLE devices ADD COLUMN secure INTEGER NOT NULL DEFAULT 0 CHECK (secure IN (0, 1));
CREATE INDEX devices_by_site ON devices (tenant_id, site_id, name, id);
CREATE INDEX devices_by_mac ON devices (mac) WHERE mac <> '';
DROP INDEX devices_search;
CREATE INDEX devices_search ON devices (tenant_id, (name || char(10) || mac || char(10) || location
    || char(10) || description || char(10) || username));

-- What companies have that are there already: a site, and the licence of every user.
INSERT INTO sites (tenant_id, name) SELECT id, 'Main site' FROM tenants;
INSERT INTO licences (tenant_id, name, kind) SELECT id, 'Advanced User', 'advanced_user' FROM tenants;
UPDATE settings SET default_site_id = (SELECT s.id FROM sites s WHERE s.tenant_id = settings.tenant_id);
UPDATE users SET suspended_at = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) WHERE suspended = 1;

-- Each tenant has its settings, a site and that licence from the start, whoever adds it.
DROP TRIGGER tenants_have_settings;
CREATE TRIGGER tenants_have_settings AFTER INSERT ON tenants BEGIN
    INSERT INTO settings (tenant_id) VALUES (NEW.id);
    INSERT INTO sites (tenant_id, name) VALUES (NEW.id, 'Main site');
    INSERT INTO licences (tenant_id, name, kind) VALUES (NEW.id, 'Advanced User', 'advanced_user');
    UPDATE settings SET default_site_id = (SELECT id FROM sites WHERE tenant_id = NEW.id) WHERE tenant_id = NEW.id;
END;

-- Since when somebody is suspended; nobody can set it by hand.
CREATE TRIGGER users_suspended_insert AFTER INSERT ON users WHEN NEW.suspended = 1 BEGIN
    UPDATE users SET suspended_at = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) WHERE id = NEW.id;
END;
CREATE TRIGGER users_suspended_update AFTER UPDATE OF suspended ON users WHEN NEW.suspended <> OLD.suspended BEGIN
    UPDATE users SET suspended_at = CASE NEW.suspended WHEN 1 THEN CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) END
    WHERE id = NEW.id;
END;

-- Site administrators see where their people are and what they have, and assign numbers.
UPDATE default_roles SET permissions = permissions
    || ',sites.view,departments.view,numbers.view,numbers.edit'
    WHERE name = 'Site administrator';
UPDATE default_roles SET permissions = permissions || ',sites.view,departments.view'
    WHERE name = 'Call centre supervisor';
UPDATE roles SET permissions = (SELECT d.permissions FROM default_roles d WHERE d.name = roles.name)
    WHERE level = '1' AND name IN ('Site administrator', 'Call centre supervisor');
