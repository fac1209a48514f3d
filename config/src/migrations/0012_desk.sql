-- What the users' own portal stands on: which calls were whose, whom they block, which phones answer by themselves, and
-- where reports of problems go.

-- A call as one of its users saw it. Written when it ends; by user, so that a number that changes hands takes no calls along.
CREATE TABLE call_parties (
    user_id     INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    call_id     TEXT    NOT NULL,
    tenant_id   INTEGER NOT NULL,
    -- outbound, inbound, missed, blocked
    kind        TEXT    NOT NULL,
    -- How the call ended; `elsewhere` if somebody else took it.
    result      TEXT    NOT NULL,
    -- Of the other side.
    number      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    -- Both in lower case, for the search.
    words       TEXT    NOT NULL,
    -- Since when this user was in it.
    answered_at INTEGER,
    ended_at    INTEGER NOT NULL,
    device_id   INTEGER,
    PRIMARY KEY (user_id, started_at, call_id)
) STRICT, WITHOUT ROWID;

-- user_id: whose calls from there are refused; none for the whole company.
CREATE TABLE blocked_callers (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    number    TEXT NOT NULL CHECK (length(number) BETWEEN 1 AND 34),
    user_id   INTEGER,
    action    TEXT NOT NULL DEFAULT 'reject' CHECK (action IN ('reject')),
    note      TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 128),
    since     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX blocked_callers_by_number ON blocked_callers (tenant_id, number, id);
CREATE INDEX blocked_callers_by_user ON blocked_callers (tenant_id, user_id);

ALTER TABLE devices ADD COLUMN auto_answer INTEGER NOT NULL DEFAULT 0 CHECK (auto_answer IN (0, 1));
ALTER TABLE settings ADD COLUMN support_mail TEXT NOT NULL DEFAULT '' CHECK (length(support_mail) <= 254);

-- Site administrators see and change whom their people block.
UPDATE default_roles SET permissions = permissions
    || ',blocked_callers.view,blocked_callers.create,blocked_callers.edit,blocked_callers.delete'
    WHERE name = 'Site administrator';
UPDATE roles SET permissions = permissions
    || ',blocked_callers.view,blocked_callers.create,blocked_callers.edit,blocked_callers.delete'
    WHERE level = '1' AND name = 'Site administrator';
