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
    -- Kept by triggers: who has one.
    in_use    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE licence_assignments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    version    INTEGER NOT NULL DEFAULT 1,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    licence_id INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, licence_id) REFERENCES licences (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX licence_assignments_by_licence ON licence_assignments (tenant_id, licence_id, user_id);
CREATE INDEX licence_assignments_by_user ON licence_assignments (tenant_id, user_id, licence_id);

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
-- Kept by triggers: since when suspended, Unix milliseconds; whether they have a licence that lets them call.
ALTER TABLE users ADD COLUMN suspended_at INTEGER;
ALTER TABLE users ADD COLUMN licensed INTEGER NOT NULL DEFAULT 0 CHECK (licensed IN (0, 1));
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
INSERT INTO licences (tenant_id, name, kind, in_use) SELECT id, 'Advanced User', 'advanced_user',
    (SELECT count(*) FROM users u WHERE u.tenant_id = tenants.id) FROM tenants;
INSERT INTO licence_assignments (tenant_id, licence_id, user_id)
    SELECT u.tenant_id, l.id, u.id FROM users u JOIN licences l ON l.tenant_id = u.tenant_id;
UPDATE settings SET default_site_id = (SELECT s.id FROM sites s WHERE s.tenant_id = settings.tenant_id);
UPDATE users SET licensed = 1, suspended_at = CASE suspended WHEN 1 THEN CAST(unixepoch('subsec') * 1000 AS INTEGER) END;

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
    UPDATE users SET suspended_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = NEW.id;
END;
CREATE TRIGGER users_suspended_update AFTER UPDATE OF suspended ON users WHEN NEW.suspended <> OLD.suspended BEGIN
    UPDATE users SET suspended_at = CASE NEW.suspended WHEN 1 THEN CAST(unixepoch('subsec') * 1000 AS INTEGER) END
    WHERE id = NEW.id;
END;

-- Whether a user may call, from the licences they have. A user whose licences changed is read again by the feed.
CREATE TABLE licence_holders_touched (user_id INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER licence_holders_touched_insert AFTER INSERT ON licence_holders_touched BEGIN
    UPDATE users SET licensed = EXISTS (SELECT 1 FROM licence_assignments a JOIN licences l ON l.id = a.licence_id
        WHERE a.tenant_id = users.tenant_id AND a.user_id = users.id AND l.kind = 'advanced_user')
    WHERE id = NEW.user_id;
    UPDATE revision SET number = number + 1 WHERE held = 0;
    INSERT INTO change (tbl, row_id, revision) SELECT 'users', NEW.user_id, number FROM revision WHERE true
        ON CONFLICT (tbl, row_id) DO UPDATE SET revision = excluded.revision;
    DELETE FROM licence_holders_touched;
END;
CREATE TRIGGER licence_assignments_count_insert AFTER INSERT ON licence_assignments BEGIN
    UPDATE licences SET in_use = in_use + 1 WHERE id = NEW.licence_id;
    INSERT INTO licence_holders_touched VALUES (NEW.user_id);
END;
CREATE TRIGGER licence_assignments_count_delete AFTER DELETE ON licence_assignments BEGIN
    UPDATE licences SET in_use = in_use - 1 WHERE id = OLD.licence_id;
    INSERT INTO licence_holders_touched VALUES (OLD.user_id);
END;
CREATE TRIGGER licence_assignments_count_update AFTER UPDATE OF licence_id, user_id ON licence_assignments BEGIN
    UPDATE licences SET in_use = in_use - 1 WHERE id = OLD.licence_id;
    UPDATE licences SET in_use = in_use + 1 WHERE id = NEW.licence_id;
    INSERT INTO licence_holders_touched VALUES (OLD.user_id);
    INSERT INTO licence_holders_touched VALUES (NEW.user_id);
END;
CREATE TRIGGER licences_kind_update AFTER UPDATE OF kind ON licences WHEN NEW.kind <> OLD.kind BEGIN
    INSERT INTO licence_holders_touched SELECT user_id FROM licence_assignments
        WHERE tenant_id = NEW.tenant_id AND licence_id = NEW.id;
END;

-- A new user has the licence that lets them call, while there is one.
CREATE TRIGGER users_are_licensed AFTER INSERT ON users BEGIN
    INSERT INTO licence_assignments (tenant_id, licence_id, user_id)
    SELECT NEW.tenant_id, l.id, NEW.id FROM licences l
    WHERE l.tenant_id = NEW.tenant_id AND l.kind = 'advanced_user' AND (l.quantity IS NULL OR l.in_use < l.quantity)
    ORDER BY l.id LIMIT 1;
END;
-- Also of one that was deleted by hand.
CREATE TRIGGER users_give_licences_back AFTER DELETE ON users BEGIN
    DELETE FROM licence_assignments WHERE tenant_id = OLD.tenant_id AND user_id = OLD.id;
END;

-- Site administrators see where their people are and what they have, and assign numbers.
UPDATE default_roles SET permissions = permissions
    || ',sites.view,departments.view,numbers.view,numbers.edit,licences.view,licence_assignments.view'
    WHERE name = 'Site administrator';
UPDATE default_roles SET permissions = permissions || ',sites.view,departments.view'
    WHERE name = 'Call centre supervisor';
UPDATE roles SET permissions = (SELECT d.permissions FROM default_roles d WHERE d.name = roles.name)
    WHERE level = '1' AND name IN ('Site administrator', 'Call centre supervisor');
