-- Members of a ring group whose phones begin to ring later than those of the others.
CREATE TABLE ring_delays (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    version       INTEGER NOT NULL DEFAULT 1,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    ring_group_id INTEGER NOT NULL,
    user_id       INTEGER NOT NULL,
    delay         INTEGER NOT NULL CHECK (delay BETWEEN 1 AND 120),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, ring_group_id) REFERENCES ring_groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX ring_delays_by_group ON ring_delays (tenant_id, ring_group_id, user_id);
CREATE INDEX ring_delays_by_user ON ring_delays (tenant_id, user_id);

-- Whoever cares for groups cares for when their members ring.
UPDATE default_roles SET permissions = permissions
    || ',ring_delays.view,ring_delays.create,ring_delays.edit,ring_delays.delete'
    WHERE name = 'Site administrator';
UPDATE default_roles SET permissions = permissions || ',ring_delays.view' WHERE name = 'Call centre supervisor';
UPDATE roles SET permissions = permissions
    || ',ring_delays.view,ring_delays.create,ring_delays.edit,ring_delays.delete'
    WHERE level = '1' AND name = 'Site administrator';
UPDATE roles SET permissions = permissions || ',ring_delays.view' WHERE level = '1' AND name = 'Call centre supervisor';
