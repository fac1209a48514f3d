-- Configuration tables. Rows may be edited with the sqlite3 shell while Dialtone runs: every change is noticed, checked
-- and put in force. Only the columns with readable values are meant for that; `id` and `version` look after themselves.

CREATE TABLE tenants (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL DEFAULT 1,
    name    TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    domain  TEXT NOT NULL UNIQUE CHECK (domain = lower(domain) AND length(domain) BETWEEN 1 AND 253)
) STRICT;

CREATE TABLE settings (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    version         INTEGER NOT NULL DEFAULT 1,
    tenant_id       INTEGER NOT NULL UNIQUE REFERENCES tenants (id) ON DELETE CASCADE,
    country         TEXT    NOT NULL DEFAULT 'us' CHECK (length(country) = 2),
    inband_ringback INTEGER NOT NULL DEFAULT 0 CHECK (inband_ringback IN (0, 1)),
    password_days   INTEGER NOT NULL DEFAULT 0 CHECK (password_days BETWEEN 0 AND 3650)
) STRICT;

-- Each tenant has its settings from the start, whoever adds it.
CREATE TRIGGER tenants_have_settings AFTER INSERT ON tenants BEGIN
    INSERT INTO settings (tenant_id) VALUES (NEW.id);
END;

-- Settings of the whole program: exactly one row.
CREATE TABLE node_settings (
    id                    INTEGER PRIMARY KEY CHECK (id = 1),
    version               INTEGER NOT NULL DEFAULT 1,
    rtp_silence_timeout   INTEGER NOT NULL DEFAULT 60   CHECK (rtp_silence_timeout BETWEEN 0 AND 3600),
    session_timer         INTEGER NOT NULL DEFAULT 1800 CHECK (session_timer BETWEEN 90 AND 7200),
    registration_min      INTEGER NOT NULL DEFAULT 60   CHECK (registration_min BETWEEN 10 AND 3600),
    registration_max      INTEGER NOT NULL DEFAULT 3600 CHECK (registration_max BETWEEN 60 AND 86400),
    digest                TEXT NOT NULL DEFAULT 'both'  CHECK (digest IN ('both', 'md5')),
    rtp_gather_interval   INTEGER NOT NULL DEFAULT 1000 CHECK (rtp_gather_interval BETWEEN 0 AND 5000),
    call_retention_days   INTEGER NOT NULL DEFAULT 365  CHECK (call_retention_days BETWEEN 1 AND 3650),
    ladder_retention_days INTEGER NOT NULL DEFAULT 30   CHECK (ladder_retention_days BETWEEN 1 AND 3650)
) STRICT;
INSERT INTO node_settings (id) VALUES (1);

CREATE TABLE users (
    id                      INTEGER PRIMARY KEY AUTOINCREMENT,
    version                 INTEGER NOT NULL DEFAULT 1,
    tenant_id               INTEGER NOT NULL REFERENCES tenants (id),
    first_name              TEXT NOT NULL CHECK (length(first_name) BETWEEN 1 AND 64),
    last_name               TEXT NOT NULL DEFAULT '' CHECK (length(last_name) <= 64),
    name                    TEXT COLLATE NOCASE GENERATED ALWAYS AS (trim(first_name || ' ' || last_name)) VIRTUAL,
    email                   TEXT NOT NULL DEFAULT '' CHECK (length(email) <= 254),
    suspended               INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
    -- Blank is off. An extension of the same tenant, or an outside number such as +4930123456.
    forward_always          TEXT NOT NULL DEFAULT '' CHECK (length(forward_always) <= 33),
    forward_busy            TEXT NOT NULL DEFAULT '' CHECK (length(forward_busy) <= 33),
    forward_no_answer       TEXT NOT NULL DEFAULT '' CHECK (length(forward_no_answer) <= 33),
    forward_no_answer_after INTEGER NOT NULL DEFAULT 20 CHECK (forward_no_answer_after BETWEEN 5 AND 120),
    busy_trigger            INTEGER NOT NULL DEFAULT 2 CHECK (busy_trigger BETWEEN 1 AND 20),
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX users_by_name ON users (tenant_id, name, id);
CREATE INDEX users_by_email ON users (tenant_id, email);

CREATE TABLE ring_groups (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    name      TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    ring_time INTEGER NOT NULL DEFAULT 20 CHECK (ring_time BETWEEN 5 AND 300),
    overflow  TEXT NOT NULL DEFAULT 'hangup:no_answer' CHECK (instr(overflow, ':') > 0),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

-- owner: the ring group; target: the user.
CREATE TABLE ring_groups_members (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES ring_groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES users (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_groups_members_by_target ON ring_groups_members (tenant_id, target);

-- A number belongs to exactly one owner; the owner's form edits it too.
CREATE TABLE extensions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    version       INTEGER NOT NULL DEFAULT 1,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    number        TEXT NOT NULL CHECK (length(number) BETWEEN 2 AND 6 AND number NOT GLOB '*[^0-9]*'),
    user_id       INTEGER,
    ring_group_id INTEGER,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, user_id),
    UNIQUE (tenant_id, ring_group_id),
    CHECK ((user_id IS NULL) <> (ring_group_id IS NULL)),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, ring_group_id) REFERENCES ring_groups (tenant_id, id)
) STRICT;

CREATE TABLE devices (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    version      INTEGER NOT NULL DEFAULT 1,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    name         TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    user_id      INTEGER,
    username     TEXT NOT NULL CHECK (username = lower(username) AND length(username) BETWEEN 1 AND 64),
    -- Encrypted. To set one by hand write 'plain:' and the password; it is encrypted as soon as it is noticed.
    secret       TEXT NOT NULL CHECK (secret GLOB 'v1:*' OR secret GLOB 'plain:?*'),
    ring         TEXT NOT NULL DEFAULT 'immediate' CHECK (ring IN ('immediate', 'disabled', 'delay')),
    ring_delay   INTEGER NOT NULL DEFAULT 10 CHECK (ring_delay BETWEEN 1 AND 60),
    max_contacts INTEGER NOT NULL DEFAULT 3 CHECK (max_contacts BETWEEN 1 AND 10),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, username),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX devices_by_user ON devices (tenant_id, user_id);
CREATE INDEX devices_by_username ON devices (username);

CREATE TABLE administrators (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    version             INTEGER NOT NULL DEFAULT 1,
    tenant_id           INTEGER NOT NULL REFERENCES tenants (id),
    login               TEXT NOT NULL UNIQUE CHECK (login = lower(login) AND length(login) BETWEEN 1 AND 254),
    name                TEXT NOT NULL DEFAULT '' COLLATE NOCASE CHECK (length(name) <= 64),
    level               TEXT NOT NULL DEFAULT '2' CHECK (level IN ('1', '2', '3')),
    suspended           INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
    -- Kept by sign-in, not by the configuration: no revision when they change.
    password            TEXT,
    password_changed_at INTEGER,
    password_temporary  INTEGER NOT NULL DEFAULT 0 CHECK (password_temporary IN (0, 1)),
    UNIQUE (tenant_id, id)
) STRICT;

-- Change tracking. `number` is the revision; `checked` the one up to which all rows passed Dialtone's checks; while `held`
-- a transaction's changes share one number.
CREATE TABLE revision (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    number  INTEGER NOT NULL DEFAULT 0,
    checked INTEGER NOT NULL DEFAULT 0,
    held    INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1))
) STRICT;
INSERT INTO revision (id) VALUES (1);

-- The last change of each row. Never longer than the configuration is, so it needs no trimming.
CREATE TABLE change (
    tbl      TEXT    NOT NULL,
    row_id   INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tbl, row_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_by_revision ON change (revision);

CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms     INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    tenant_id INTEGER NOT NULL,
    author    TEXT NOT NULL,
    address   TEXT NOT NULL,
    via       TEXT NOT NULL,
    action    TEXT NOT NULL,
    tbl       TEXT NOT NULL,
    row_id    INTEGER NOT NULL,
    title     TEXT NOT NULL,
    version   INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    -- JSON: {"field": ["old", "new"]}, secrets masked.
    changes   TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant_id, id);
CREATE INDEX audit_by_row ON audit (tbl, row_id, id);

-- Proves that dialtone.key is the key of this database.
CREATE TABLE key_check (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed TEXT NOT NULL
) STRICT;

-- Sign-in. Tokens are stored as SHA-256, so that a copy of this file opens no door.
CREATE TABLE setup_tokens (
    token_hash       BLOB PRIMARY KEY,
    administrator_id INTEGER NOT NULL REFERENCES administrators (id) ON DELETE CASCADE,
    expires_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash       BLOB    NOT NULL UNIQUE,
    administrator_id INTEGER NOT NULL REFERENCES administrators (id) ON DELETE CASCADE,
    created_at       INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    address          TEXT    NOT NULL,
    user_agent       TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_by_administrator ON sessions (administrator_id);

CREATE TABLE sign_in_failures (
    id      INTEGER PRIMARY KEY,
    login   TEXT NOT NULL,
    address TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    -- 0, or until when this failure locked.
    locked_until INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failures_by_login ON sign_in_failures (login, address, at_ms);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (at_ms);

-- Records, written by Dialtone only; no change tracking.
CREATE TABLE bindings (
    device_id     INTEGER NOT NULL,
    key           TEXT    NOT NULL,
    tenant_id     INTEGER NOT NULL,
    contact       TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    flow          TEXT    NOT NULL,
    user_agent    TEXT    NOT NULL,
    call_id       TEXT    NOT NULL,
    cseq          INTEGER NOT NULL,
    position      INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (device_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    id            TEXT PRIMARY KEY,
    tenant_id     INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    answered_at   INTEGER,
    ended_at      INTEGER,
    caller_number TEXT NOT NULL,
    caller_name   TEXT NOT NULL,
    dialled       TEXT NOT NULL,
    answered_by   TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    cause         TEXT NOT NULL,
    revision      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Read backwards by lists; a new call goes to the end.
CREATE INDEX calls_by_time ON calls (tenant_id, started_at, id);
CREATE INDEX calls_open ON calls (id) WHERE ended_at IS NULL;

-- What is large, apart, so that lists stay fast. With a rowid: without one, each search by id copies whole rows.
CREATE TABLE call_ladders (
    id     TEXT PRIMARY KEY,
    trace  TEXT NOT NULL,
    legs   TEXT NOT NULL,
    ladder BLOB NOT NULL
) STRICT;
