-- Desk phones that fetch their settings: what they are, their keys, and when they last came for it.

ALTER TABLE devices ADD COLUMN model TEXT NOT NULL DEFAULT '' CHECK (length(model) <= 40);
ALTER TABLE devices ADD COLUMN transport TEXT NOT NULL DEFAULT 'udp' CHECK (transport IN ('udp', 'tcp'));
ALTER TABLE devices ADD COLUMN voicemail_button TEXT NOT NULL DEFAULT 'mailbox'
    CHECK (voicemail_button IN ('mailbox', 'shared', 'list'));
ALTER TABLE devices ADD COLUMN voicemail_box TEXT NOT NULL DEFAULT '' CHECK (length(voicemail_box) <= 32);
ALTER TABLE devices ADD COLUMN rank TEXT NOT NULL DEFAULT '' CHECK (rank IN ('', 'primary', 'secondary'));
DROP INDEX devices_search;
CREATE INDEX devices_search ON devices (tenant_id, (name || char(10) || mac || char(10) || location
    || char(10) || description || char(10) || username || char(10) || voicemail_box));
CREATE INDEX devices_provisioned ON devices (tenant_id, id) WHERE model <> '';

CREATE TABLE device_buttons (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    device_id INTEGER NOT NULL,
    position  INTEGER NOT NULL CHECK (position BETWEEN 1 AND 96),
    type      TEXT NOT NULL CHECK (type IN ('line', 'blf', 'speed_dial', 'park', 'dtmf', 'voicemail', 'dnd', 'forward',
        'pickup', 'queue', 'url')),
    value     TEXT NOT NULL DEFAULT '' CHECK (length(value) <= 200),
    label     TEXT NOT NULL DEFAULT '' CHECK (length(label) <= 32),
    key       TEXT GENERATED ALWAYS AS (trim(position || ' ' || label)) VIRTUAL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, device_id) REFERENCES devices (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX device_buttons_by_device ON device_buttons (tenant_id, device_id, position);

-- What phones did. Kept by provisioning: no revision when it changes.
CREATE TABLE device_provisioning (
    device_id    INTEGER PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    -- The address that all phones share gave it its settings until then, to this address; NULL before the first time.
    shared_until INTEGER,
    shared_by    TEXT NOT NULL DEFAULT '',
    fetched_at   INTEGER,
    fetched_by   TEXT NOT NULL DEFAULT '',
    fetched_from TEXT NOT NULL DEFAULT '',
    book_at      INTEGER,
    book_entries INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE node_settings ADD COLUMN provision_over TEXT NOT NULL DEFAULT 'https'
    CHECK (provision_over IN ('https', 'private', 'any'));
ALTER TABLE node_settings ADD COLUMN phone_server TEXT NOT NULL DEFAULT '' CHECK (length(phone_server) <= 253);
ALTER TABLE node_settings ADD COLUMN pnp INTEGER NOT NULL DEFAULT 0 CHECK (pnp IN (0, 1));

-- Whoever cares for phones cares for their keys.
UPDATE default_roles SET permissions = permissions
    || ',device_buttons.view,device_buttons.create,device_buttons.edit,device_buttons.delete'
    WHERE name = 'Site administrator';
UPDATE default_roles SET permissions = permissions || ',device_buttons.view' WHERE name = 'Call centre supervisor';
UPDATE roles SET permissions = permissions
    || ',device_buttons.view,device_buttons.create,device_buttons.edit,device_buttons.delete'
    WHERE level = '1' AND name = 'Site administrator';
UPDATE roles SET permissions = permissions || ',device_buttons.view' WHERE level = '1' AND name = 'Call centre supervisor';
