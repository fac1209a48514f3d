-- How a person looks at a list: the state last used has a blank name, saved views have the name they were given.
CREATE TABLE list_views (
    owner INTEGER NOT NULL,
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
