-- Lines to the public network.
CREATE TABLE trunks (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    version          INTEGER NOT NULL DEFAULT 1,
    tenant_id        INTEGER NOT NULL REFERENCES tenants (id),
    name             TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    enabled          INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    -- Other companies' calls may leave by it; counts for the company that runs the program only.
    shared           INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)),
    kind             TEXT NOT NULL DEFAULT 'register' CHECK (kind IN ('register', 'address')),
    host             TEXT NOT NULL CHECK (length(host) BETWEEN 1 AND 253),
    port             INTEGER CHECK (port BETWEEN 1 AND 65535),
    transport        TEXT NOT NULL DEFAULT 'udp' CHECK (transport IN ('udp', 'tcp', 'dns')),
    outbound_proxy   TEXT NOT NULL DEFAULT '' CHECK (length(outbound_proxy) <= 260),
    domain           TEXT NOT NULL DEFAULT '' CHECK (length(domain) <= 253),
    username         TEXT NOT NULL DEFAULT '' CHECK (length(username) <= 64),
    auth_name        TEXT NOT NULL DEFAULT '' CHECK (length(auth_name) <= 64),
    secret           TEXT NOT NULL DEFAULT '',
    expires          INTEGER NOT NULL DEFAULT 3600 CHECK (expires BETWEEN 60 AND 86400),
    sources          TEXT NOT NULL DEFAULT '' CHECK (length(sources) <= 500),
    challenge        INTEGER NOT NULL DEFAULT 0 CHECK (challenge IN (0, 1)),
    called_in        TEXT NOT NULL DEFAULT 'request_uri' CHECK (called_in IN ('request_uri', 'to', 'p_called_party_id')),
    number_in        TEXT NOT NULL DEFAULT 'written' CHECK (number_in IN ('written', 'e164', 'national')),
    number_out       TEXT NOT NULL DEFAULT 'plus' CHECK (number_out IN ('plus', 'e164', 'international', 'national')),
    caller_header    TEXT NOT NULL DEFAULT 'pai' CHECK (caller_header IN ('from', 'pai', 'ppi', 'rpid')),
    codecs           TEXT NOT NULL DEFAULT 'all' CHECK (codecs IN ('all', 'g711')),
    answer_within    INTEGER NOT NULL DEFAULT 6 CHECK (answer_within BETWEEN 2 AND 32),
    channels         INTEGER CHECK (channels BETWEEN 1 AND 10000),
    health           INTEGER NOT NULL DEFAULT 1 CHECK (health IN (0, 1)),
    health_interval  INTEGER NOT NULL DEFAULT 60 CHECK (health_interval BETWEEN 10 AND 3600),
    priority         INTEGER NOT NULL DEFAULT 10 CHECK (priority BETWEEN 1 AND 99),
    pidf_lo          INTEGER NOT NULL DEFAULT 0 CHECK (pidf_lo IN (0, 1)),
    emergency        INTEGER NOT NULL DEFAULT 1 CHECK (emergency IN (0, 1)),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;
CREATE INDEX trunks_by_priority ON trunks (tenant_id, priority, id);

-- Where calls go for numbers that ring nobody directly. No numbers: all of them that no other route names.
CREATE TABLE inbound_routes (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    version       INTEGER NOT NULL DEFAULT 1,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    enabled       INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    -- When the company is open: always, within a time frame, or by day as its night mode says.
    open          TEXT NOT NULL DEFAULT 'always' CHECK (open IN ('always', 'frame', 'day')),
    time_frame_id INTEGER,
    open_to       TEXT NOT NULL CHECK (length(open_to) <= 64),
    closed_to     TEXT NOT NULL DEFAULT 'hangup:unavailable' CHECK (length(closed_to) <= 64),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, time_frame_id) REFERENCES time_frames (tenant_id, id)
) STRICT;
CREATE INDEX inbound_routes_by_time_frame ON inbound_routes (tenant_id, time_frame_id);

-- owner: the route; target: a number.
CREATE TABLE inbound_routes_numbers (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES inbound_routes (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES numbers (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbound_routes_numbers_by_target ON inbound_routes_numbers (tenant_id, target);
