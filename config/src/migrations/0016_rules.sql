-- Where a call goes for a user: do not disturb, forwards that end and forwards at night, time frames, answering rules,
-- the company's night.

-- Blank until: no end. 2026-11-22T13:30:00Z
ALTER TABLE users ADD COLUMN dnd INTEGER NOT NULL DEFAULT 0 CHECK (dnd IN (0, 1));
ALTER TABLE users ADD COLUMN dnd_until TEXT NOT NULL DEFAULT '' CHECK (length(dnd_until) IN (0, 20));
ALTER TABLE users ADD COLUMN forward_always_until TEXT NOT NULL DEFAULT '' CHECK (length(forward_always_until) IN (0, 20));
ALTER TABLE users ADD COLUMN forward_busy_until TEXT NOT NULL DEFAULT '' CHECK (length(forward_busy_until) IN (0, 20));
ALTER TABLE users ADD COLUMN forward_no_answer_until TEXT NOT NULL DEFAULT ''
    CHECK (length(forward_no_answer_until) IN (0, 20));
-- Whose number an outside callee of a forward sees.
ALTER TABLE users ADD COLUMN forward_shows TEXT NOT NULL DEFAULT 'caller' CHECK (forward_shows IN ('caller', 'own'));
-- At night these are in force instead; blank is off.
ALTER TABLE users ADD COLUMN night_always TEXT NOT NULL DEFAULT '' CHECK (length(night_always) <= 33);
ALTER TABLE users ADD COLUMN night_always_until TEXT NOT NULL DEFAULT '' CHECK (length(night_always_until) IN (0, 20));
ALTER TABLE users ADD COLUMN night_busy TEXT NOT NULL DEFAULT '' CHECK (length(night_busy) <= 33);
ALTER TABLE users ADD COLUMN night_busy_until TEXT NOT NULL DEFAULT '' CHECK (length(night_busy_until) IN (0, 20));
ALTER TABLE users ADD COLUMN night_no_answer TEXT NOT NULL DEFAULT '' CHECK (length(night_no_answer) <= 33);
ALTER TABLE users ADD COLUMN night_no_answer_until TEXT NOT NULL DEFAULT ''
    CHECK (length(night_no_answer_until) IN (0, 20));
CREATE INDEX users_by_night_always ON users (tenant_id, night_always) WHERE night_always <> '';
CREATE INDEX users_by_night_busy ON users (tenant_id, night_busy) WHERE night_busy <> '';
CREATE INDEX users_by_night_no_answer ON users (tenant_id, night_no_answer) WHERE night_no_answer <> '';
DROP INDEX users_search;
CREATE INDEX users_search ON users (tenant_id, (first_name || char(10) || last_name || char(10) || email
    || char(10) || login || char(10) || area_code || char(10) || mobile || char(10) || work_phone || char(10) || home_phone
    || char(10) || forward_always || char(10) || forward_busy || char(10) || forward_no_answer
    || char(10) || night_always || char(10) || night_busy || char(10) || night_no_answer));

-- user_id: whose it is; none for the whole company.
CREATE TABLE time_frames (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    version    INTEGER NOT NULL DEFAULT 1,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    user_id    INTEGER,
    kind       TEXT NOT NULL DEFAULT 'weekly' CHECK (kind IN ('weekly', 'range', 'days', 'recurring', 'always')),
    -- mo 09:00-17:00; …
    hours      TEXT NOT NULL DEFAULT '',
    starts     TEXT NOT NULL DEFAULT '' CHECK (length(starts) IN (0, 10)),
    starts_at  TEXT NOT NULL DEFAULT '' CHECK (length(starts_at) IN (0, 5)),
    ends       TEXT NOT NULL DEFAULT '' CHECK (length(ends) IN (0, 10)),
    ends_at    TEXT NOT NULL DEFAULT '' CHECK (length(ends_at) IN (0, 5)),
    -- A day or a span of time a line.
    days       TEXT NOT NULL DEFAULT '' CHECK (length(days) <= 60000),
    -- Minute, hour, day, month, weekday of the beginning, as cron has them, and for how many seconds.
    recurrence TEXT NOT NULL DEFAULT '' CHECK (length(recurrence) <= 100),
    lasts      INTEGER CHECK (lasts BETWEEN 60 AND 604800),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX time_frames_by_name ON time_frames (tenant_id, name, id);
CREATE INDEX time_frames_by_user ON time_frames (tenant_id, user_id);

CREATE TABLE answering_rules (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    version            INTEGER NOT NULL DEFAULT 1,
    tenant_id          INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id            INTEGER NOT NULL,
    time_frame_id      INTEGER NOT NULL,
    -- The first one that matches wins.
    position           INTEGER NOT NULL DEFAULT 10 CHECK (position BETWEEN 1 AND 999),
    active             INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    action             TEXT NOT NULL DEFAULT 'ring' CHECK (action IN ('ring', 'forward', 'dnd', 'refuse')),
    forward_always     TEXT NOT NULL DEFAULT '' CHECK (length(forward_always) <= 33),
    forward_busy       TEXT NOT NULL DEFAULT '' CHECK (length(forward_busy) <= 33),
    forward_no_answer  TEXT NOT NULL DEFAULT '' CHECK (length(forward_no_answer) <= 33),
    no_answer_after    INTEGER NOT NULL DEFAULT 20 CHECK (no_answer_after BETWEEN 5 AND 120),
    forward_offline    TEXT NOT NULL DEFAULT '' CHECK (length(forward_offline) <= 33),
    callers            TEXT NOT NULL DEFAULT 'everybody' CHECK (callers IN ('everybody', 'listed', 'others')),
    caller_list        TEXT NOT NULL DEFAULT '' CHECK (length(caller_list) <= 2000),
    key                TEXT GENERATED ALWAYS AS (CAST(position AS TEXT)) VIRTUAL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, time_frame_id) REFERENCES time_frames (tenant_id, id)
) STRICT;
CREATE INDEX answering_rules_by_user ON answering_rules (tenant_id, user_id, position);
CREATE INDEX answering_rules_by_time_frame ON answering_rules (tenant_id, time_frame_id);
CREATE INDEX answering_rules_by_forward_always ON answering_rules (tenant_id, forward_always) WHERE forward_always <> '';
CREATE INDEX answering_rules_by_forward_busy ON answering_rules (tenant_id, forward_busy) WHERE forward_busy <> '';
CREATE INDEX answering_rules_by_forward_no_answer ON answering_rules (tenant_id, forward_no_answer)
    WHERE forward_no_answer <> '';
CREATE INDEX answering_rules_by_forward_offline ON answering_rules (tenant_id, forward_offline) WHERE forward_offline <> '';

-- owner: the rule; target: a user whose phones ring too.
CREATE TABLE answering_rules_also_ring (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES answering_rules (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES users (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX answering_rules_also_ring_by_target ON answering_rules_also_ring (tenant_id, target);

-- The company's night.
ALTER TABLE settings ADD COLUMN night_enabled INTEGER NOT NULL DEFAULT 0 CHECK (night_enabled IN (0, 1));
ALTER TABLE settings ADD COLUMN night_mode TEXT NOT NULL DEFAULT 'automatic'
    CHECK (night_mode IN ('automatic', 'day', 'night'));
ALTER TABLE settings ADD COLUMN night_until TEXT NOT NULL DEFAULT '' CHECK (length(night_until) IN (0, 20));
ALTER TABLE settings ADD COLUMN night_frame_id INTEGER REFERENCES time_frames (id);
ALTER TABLE settings ADD COLUMN night_when TEXT NOT NULL DEFAULT 'outside' CHECK (night_when IN ('outside', 'within'));

-- Site administrators see and change the rules of their people.
UPDATE default_roles SET permissions = permissions
    || ',time_frames.view,answering_rules.view,answering_rules.create,answering_rules.edit,answering_rules.delete'
    WHERE name = 'Site administrator';
UPDATE roles SET permissions = permissions
    || ',time_frames.view,answering_rules.view,answering_rules.create,answering_rules.edit,answering_rules.delete'
    WHERE level = '1' AND name = 'Site administrator';
