-- The way outside: who may call what, by which trunk, showing which number; where emergency calls come from; groups of
-- companies that call each other.

-- A civic address (RFC 4119, RFC 5139) of phones, and who is told of emergency calls from there.
CREATE TABLE geolocations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    version      INTEGER NOT NULL DEFAULT 1,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    name         TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    country      TEXT NOT NULL CHECK (length(country) = 2),
    region       TEXT NOT NULL DEFAULT '' CHECK (length(region) <= 64),
    city         TEXT NOT NULL CHECK (length(city) BETWEEN 1 AND 64),
    postal_code  TEXT NOT NULL DEFAULT '' CHECK (length(postal_code) <= 16),
    street       TEXT NOT NULL CHECK (length(street) BETWEEN 1 AND 128),
    house_number TEXT NOT NULL DEFAULT '' CHECK (length(house_number) <= 16),
    floor        TEXT NOT NULL DEFAULT '' CHECK (length(floor) <= 16),
    room         TEXT NOT NULL DEFAULT '' CHECK (length(room) <= 32),
    detail       TEXT NOT NULL DEFAULT '' CHECK (length(detail) <= 128),
    callback_id  INTEGER,
    notify       TEXT NOT NULL DEFAULT '' CHECK (length(notify) <= 2000),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, callback_id) REFERENCES numbers (tenant_id, id)
) STRICT;
CREATE INDEX geolocations_by_callback ON geolocations (tenant_id, callback_id);

-- Whose phones ring when somebody there calls for help.
CREATE TABLE geolocations_ring (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES geolocations (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES users (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX geolocations_ring_by_target ON geolocations_ring (tenant_id, target);

ALTER TABLE devices ADD COLUMN geolocation_id INTEGER REFERENCES geolocations (id);
ALTER TABLE users ADD COLUMN geolocation_id INTEGER REFERENCES geolocations (id);
ALTER TABLE sites ADD COLUMN geolocation_id INTEGER REFERENCES geolocations (id);
ALTER TABLE settings ADD COLUMN geolocation_id INTEGER REFERENCES geolocations (id);
CREATE INDEX devices_by_geolocation ON devices (tenant_id, geolocation_id);
CREATE INDEX users_by_geolocation ON users (tenant_id, geolocation_id);
CREATE INDEX sites_by_geolocation ON sites (tenant_id, geolocation_id);

-- Which trunks take which numbers outside, in which order, and what is sent.
CREATE TABLE outbound_routes (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    position  INTEGER NOT NULL CHECK (position BETWEEN 1 AND 9999),
    name      TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    enabled   INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    patterns  TEXT NOT NULL DEFAULT '' CHECK (length(patterns) <= 4000),
    classes   TEXT NOT NULL DEFAULT '',
    strip     INTEGER NOT NULL DEFAULT 0 CHECK (strip BETWEEN 0 AND 20),
    add_front TEXT NOT NULL DEFAULT '' CHECK (length(add_front) <= 20),
    -- Asked within these times only.
    time_frame_id INTEGER,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, time_frame_id) REFERENCES time_frames (tenant_id, id)
) STRICT;
CREATE INDEX outbound_routes_by_position ON outbound_routes (tenant_id, position, id);

CREATE TABLE outbound_routes_trunks (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES outbound_routes (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES trunks (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbound_routes_trunks_by_target ON outbound_routes_trunks (tenant_id, target);

CREATE TABLE outbound_routes_roles (
    tenant_id INTEGER NOT NULL,
    owner     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    target    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, position),
    UNIQUE (tenant_id, owner, target),
    FOREIGN KEY (tenant_id, owner) REFERENCES outbound_routes (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, target) REFERENCES roles (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbound_routes_roles_by_target ON outbound_routes_roles (tenant_id, target);

-- Guards against toll fraud. A blank number is no limit.
CREATE TABLE call_limits (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    version               INTEGER NOT NULL DEFAULT 1,
    tenant_id             INTEGER NOT NULL UNIQUE REFERENCES tenants (id) ON DELETE CASCADE,
    abroad_at_once_user   INTEGER DEFAULT 3 CHECK (abroad_at_once_user BETWEEN 0 AND 1000),
    abroad_at_once        INTEGER DEFAULT 20 CHECK (abroad_at_once BETWEEN 0 AND 10000),
    abroad_minutes_user   INTEGER CHECK (abroad_minutes_user BETWEEN 0 AND 100000),
    abroad_minutes        INTEGER DEFAULT 1200 CHECK (abroad_minutes BETWEEN 0 AND 1000000),
    premium_minutes_user  INTEGER CHECK (premium_minutes_user BETWEEN 0 AND 100000),
    premium_minutes       INTEGER DEFAULT 120 CHECK (premium_minutes BETWEEN 0 AND 1000000),
    national_minutes_user INTEGER CHECK (national_minutes_user BETWEEN 0 AND 100000),
    national_minutes      INTEGER CHECK (national_minutes BETWEEN 0 AND 1000000),
    countries             TEXT NOT NULL DEFAULT '',
    alert_mail            TEXT NOT NULL DEFAULT '' CHECK (length(alert_mail) <= 2000),
    own_numbers_inside    INTEGER NOT NULL DEFAULT 0 CHECK (own_numbers_inside IN (0, 1))
) STRICT;
INSERT INTO call_limits (tenant_id) SELECT id FROM tenants;
CREATE TRIGGER tenants_have_call_limits AFTER INSERT ON tenants BEGIN
    INSERT INTO call_limits (tenant_id) VALUES (NEW.id);
END;

-- What a user may call at most; blank is what their role says.
ALTER TABLE users ADD COLUMN calls TEXT NOT NULL DEFAULT ''
    CHECK (calls IN ('', 'internal', 'local', 'national', 'international', 'premium'));
-- The number that a site shows to those it calls.
ALTER TABLE sites ADD COLUMN caller_id_id INTEGER REFERENCES numbers (id);
CREATE INDEX sites_by_caller_id ON sites (tenant_id, caller_id_id);
-- The same of a trunk, where nobody has a number.
ALTER TABLE trunks ADD COLUMN caller_id_id INTEGER REFERENCES numbers (id);
-- Whether it takes callers' numbers that are not ours.
ALTER TABLE trunks ADD COLUMN foreign_callers INTEGER NOT NULL DEFAULT 0 CHECK (foreign_callers IN (0, 1));

-- Companies that call each other by access code and extension. Groups are those of who runs the program.
CREATE TABLE customer_groups (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL DEFAULT 1,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    name      TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;
-- The name of a group of tenant 1; blank is none.
ALTER TABLE tenants ADD COLUMN customer_group TEXT NOT NULL DEFAULT '' CHECK (length(customer_group) <= 64);
-- The call manager that a company is on; blank is this program.
ALTER TABLE tenants ADD COLUMN cm_id TEXT NOT NULL DEFAULT '' CHECK (length(cm_id) <= 64);
ALTER TABLE node_settings ADD COLUMN node_name TEXT NOT NULL DEFAULT 'dialtone' CHECK (length(node_name) BETWEEN 1 AND 64);
ALTER TABLE settings ADD COLUMN access_code TEXT NOT NULL DEFAULT '' CHECK (length(access_code) IN (0, 2, 3, 4, 5, 6));
CREATE TRIGGER customer_groups_renamed AFTER UPDATE OF name ON customer_groups WHEN OLD.tenant_id = 1 BEGIN
    UPDATE tenants SET customer_group = NEW.name WHERE customer_group = OLD.name COLLATE NOCASE AND customer_group <> '';
END;

-- What was talked outside: records, no revision. The day is that of UTC.
CREATE TABLE outside_usage (
    tenant_id INTEGER NOT NULL,
    -- 0 for calls of nobody.
    user_id   INTEGER NOT NULL,
    class     TEXT    NOT NULL,
    day       TEXT    NOT NULL,
    seconds   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, day, class, user_id)
) STRICT, WITHOUT ROWID;

-- Who called for help, so that a call back reaches them. Records.
CREATE TABLE emergency_calls (
    call_id   TEXT    NOT NULL PRIMARY KEY,
    tenant_id INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    user_id   INTEGER,
    device_id INTEGER,
    -- As the called saw it.
    shown     TEXT    NOT NULL,
    dialled   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What administrators must see: emergency calls, and limits that stopped calls. Shown until one of them has seen it.
CREATE TABLE alerts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    seen_at   INTEGER,
    seen_by   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX alerts_unseen ON alerts (tenant_id, id) WHERE seen_at IS NULL;

-- Who may place calls may call within the country; further away is for each company to allow.
UPDATE default_roles SET permissions = permissions || ',call_local,call_national'
    WHERE permissions LIKE '%place_calls%';
UPDATE roles SET permissions = permissions || ',call_local,call_national' WHERE permissions LIKE '%place_calls%';
