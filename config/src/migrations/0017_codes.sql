-- What is done by dialling: keys of functions, hotdesk phones, paging. A function that comes later adds its row here and to
-- `feature_codes`.
CREATE TABLE default_codes (
    id         INTEGER PRIMARY KEY,
    function   TEXT NOT NULL UNIQUE,
    code       TEXT NOT NULL,
    permission TEXT NOT NULL
) STRICT;
INSERT INTO default_codes (id, function, code, permission) VALUES
    (1, 'queue_in', '*1', 'queue_self'),
    (2, 'queue_out', '*3', 'queue_self'),
    (3, 'night', '*27', 'night_mode'),
    (4, 'hotdesk_in', '*40', ''),
    (5, 'hotdesk_out', '*41', ''),
    (6, 'echo', '*43', ''),
    (7, 'directory', '*45', ''),
    (8, 'queue_in_for', '*54', 'queue_self'),
    (9, 'record', '*55', 'record'),
    (10, 'queue_out_for', '*56', 'queue_self'),
    (11, 'hide', '*67', ''),
    (12, 'last_caller', '*69', ''),
    (13, 'park', '*70', 'park_calls'),
    (14, 'park_in', '*70', 'park_calls'),
    (15, 'retrieve', '*71', ''),
    (16, 'forward_always', '*72', ''),
    (17, 'forward_always_off', '*73', ''),
    (18, 'dnd_on', '*78', ''),
    (19, 'dnd_off', '*79', ''),
    (20, 'page', '*80', 'page'),
    (21, 'intercom', '*81', 'page'),
    (22, 'mailbox', '*86', ''),
    (23, 'leave_message', '*86', ''),
    (24, 'conference', '*888', 'conferences'),
    (25, 'forward_busy', '*90', ''),
    (26, 'forward_busy_off', '*91', ''),
    (27, 'forward_no_answer', '*92', ''),
    (28, 'forward_no_answer_off', '*93', ''),
    (29, 'pickup', '*97', ''),
    (30, 'group_pickup', '*98', '');

CREATE TABLE feature_codes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    version    INTEGER NOT NULL DEFAULT 1,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    function   TEXT NOT NULL CHECK (length(function) BETWEEN 1 AND 32),
    code       TEXT NOT NULL CHECK (length(code) BETWEEN 2 AND 8),
    enabled    INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    permission TEXT NOT NULL DEFAULT '' CHECK (length(permission) <= 32),
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX feature_codes_by_code ON feature_codes (tenant_id, code);
CREATE TRIGGER tenants_have_codes AFTER INSERT ON tenants BEGIN
    INSERT INTO feature_codes (tenant_id, function, code, permission)
    SELECT NEW.id, function, code, permission FROM default_codes ORDER BY id;
END;
INSERT INTO feature_codes (tenant_id, function, code, permission)
SELECT t.id, d.function, d.code, d.permission FROM tenants t CROSS JOIN default_codes d ORDER BY t.id, d.id;

-- Who works at a phone that is nobody's own, and since when (UTC).
ALTER TABLE devices ADD COLUMN hotdesk_user_id INTEGER REFERENCES users (id);
ALTER TABLE devices ADD COLUMN hotdesk_since TEXT NOT NULL DEFAULT '' CHECK (length(hotdesk_since) <= 20);
CREATE UNIQUE INDEX devices_by_hotdesk_user ON devices (hotdesk_user_id) WHERE hotdesk_user_id IS NOT NULL;
ALTER TABLE settings ADD COLUMN hotdesk_hours INTEGER CHECK (hotdesk_hours BETWEEN 1 AND 168);
ALTER TABLE settings ADD COLUMN hotdesk_until TEXT NOT NULL DEFAULT '' CHECK (length(hotdesk_until) <= 5);

-- Digits by which somebody proves at a phone who they are. Kept apart from the configuration: no revision when it changes.
CREATE TABLE pins (
    user_id      INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash         TEXT NOT NULL,
    set_at       INTEGER NOT NULL,
    failures     INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE ring_groups ADD COLUMN paged TEXT NOT NULL DEFAULT 'intercom' CHECK (paged IN ('no', 'page', 'intercom'));

-- Who administers people and phones of a site or more may switch the company to night, too.
UPDATE default_roles SET permissions = permissions || ',night_mode,feature_codes.view' WHERE name = 'Site administrator';
UPDATE roles SET permissions = permissions || ',night_mode,feature_codes.view' WHERE level = '1' AND name = 'Site administrator';

-- Who called a user last, by number. Records: written with the calls, no revision.
CREATE TABLE last_callers (
    user_id INTEGER PRIMARY KEY,
    number  TEXT NOT NULL CHECK (length(number) <= 128)
) STRICT;
