-- How a person looks at a list: the state last used has a blank name, saved views have the name they were given.
CREATE TABLE list_views (
    owner INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    tbl   TEXT    NOT NULL,
    name  TEXT    NOT NULL CHECK (length(name) <= 64),
    -- As in the list's address: f.suspended=1&sort=name&view=cards
    query TEXT    NOT NULL CHECK (length(query) <= 4000),
    PRIMARY KEY (owner, tbl, name)
) STRICT, WITHOUT ROWID;

-- Answers to requests that carried an Idempotency-Key, so that a repetition does nothing twice. Status 0 is a request that
-- is running, or was cut short.
CREATE TABLE idempotent_answers (
    owner   TEXT    NOT NULL,
    key     TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request BLOB    NOT NULL,
    at_ms   INTEGER NOT NULL,
    status  INTEGER NOT NULL DEFAULT 0,
    headers TEXT    NOT NULL DEFAULT '',
    body    TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (at_ms);

-- What programs sign in with. `hash` and what stands behind it is kept by sign-in: no revision when it changes.
CREATE TABLE api_keys (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    version       INTEGER NOT NULL DEFAULT 1,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    organization  TEXT    NOT NULL DEFAULT 'none' CHECK (organization IN ('none', 'read', 'write')),
    configuration TEXT    NOT NULL DEFAULT 'none' CHECK (configuration IN ('none', 'read', 'write')),
    call_center   TEXT    NOT NULL DEFAULT 'none' CHECK (call_center IN ('none', 'read', 'write')),
    reporting     TEXT    NOT NULL DEFAULT 'none' CHECK (reporting IN ('none', 'read', 'write')),
    system        TEXT    NOT NULL DEFAULT 'none' CHECK (system IN ('none', 'read', 'write')),
    valid_days    INTEGER NOT NULL DEFAULT 365 CHECK (valid_days BETWEEN 0 AND 3650),
    rate          INTEGER NOT NULL DEFAULT 600 CHECK (rate BETWEEN 1 AND 60000),
    suspended     INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)),
    hash          BLOB UNIQUE,
    maker_id      INTEGER REFERENCES users (id) ON DELETE SET NULL,
    made_by       TEXT NOT NULL DEFAULT '',
    issued_at     INTEGER NOT NULL DEFAULT 0,
    used_at       INTEGER,
    last_used     TEXT NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;
