-- Where calls are parked: numbered slots, for the whole company or for a department.

-- first_slot: the slots are it and the numbers that follow. timeout: after that long the call returns to who parked it.
CREATE TABLE park_lots (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    version       INTEGER NOT NULL DEFAULT 1,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name          TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    department_id INTEGER,
    first_slot    TEXT NOT NULL CHECK (length(first_slot) BETWEEN 2 AND 6),
    slots         INTEGER NOT NULL DEFAULT 10 CHECK (slots BETWEEN 1 AND 99),
    timeout       INTEGER NOT NULL DEFAULT 120 CHECK (timeout BETWEEN 10 AND 3600),
    caller_prefix TEXT NOT NULL DEFAULT 'Park' CHECK (length(caller_prefix) <= 16),
    fallback      TEXT NOT NULL DEFAULT 'hangup:no_answer',
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id)
) STRICT;
CREATE INDEX park_lots_by_department ON park_lots (tenant_id, department_id);

-- Site administrators see and change where their people park.
UPDATE default_roles SET permissions = permissions
    || ',park_lots.view,park_lots.create,park_lots.edit,park_lots.delete'
    WHERE name = 'Site administrator';
UPDATE roles SET permissions = permissions
    || ',park_lots.view,park_lots.create,park_lots.edit,park_lots.delete'
    WHERE level = '1' AND name = 'Site administrator';
