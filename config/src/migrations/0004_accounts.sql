-- Users are the accounts: whoever signs in is a user with a role, and administrators are users.

-- What each tenant has from its start. A table that comes later adds its permissions here and to `roles`.
CREATE TABLE default_roles (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    level       TEXT NOT NULL,
    scope       TEXT NOT NULL,
    permissions TEXT NOT NULL
) STRICT;
INSERT INTO default_roles (name, level, scope, permissions) VALUES
    ('Primary administrator', '3', 'all', 'all'),
    ('Company administrator', '2', 'all', 'all'),
    ('Site administrator', '1', 'site',
     'users.view,users.create,users.edit,users.delete,extensions.view,extensions.create,extensions.edit,extensions.delete,'
     || 'devices.view,devices.create,devices.edit,devices.delete,ring_groups.view,roles.view,'
     || 'place_calls,park_calls,queue_self,conferences,page,shared_contacts,resync'),
    ('Call centre supervisor', '1', 'all',
     'users.view,extensions.view,devices.view,ring_groups.view,ring_groups.edit,'
     || 'place_calls,park_calls,queue_self,queue_others,conferences,see_everybody,page,monitor,record,hear_recordings'),
    ('Call centre agent', '0', 'own', 'place_calls,park_calls,queue_self,conferences,page'),
    ('User', '0', 'own', 'place_calls,park_calls,conferences,page');

CREATE TABLE roles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    version     INTEGER NOT NULL DEFAULT 1,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 64),
    level       TEXT NOT NULL DEFAULT '0' CHECK (level IN ('0', '1', '2', '3')),
    scope       TEXT NOT NULL DEFAULT 'own' CHECK (scope IN ('all', 'site', 'department', 'own')),
    -- Keys joined by commas; `all` is everything, also what later versions add.
    permissions TEXT NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;
CREATE TRIGGER tenants_have_roles AFTER INSERT ON tenants BEGIN
    INSERT INTO roles (tenant_id, name, level, scope, permissions)
    SELECT NEW.id, name, level, scope, permissions FROM default_roles ORDER BY id;
END;
INSERT INTO roles (tenant_id, name, level, scope, permissions)
SELECT t.id, d.name, d.level, d.scope, d.permissions FROM tenants t CROSS JOIN default_roles d ORDER BY t.id, d.id;

ALTER TABLE users ADD COLUMN login TEXT NOT NULL DEFAULT '' CHECK (login = lower(login) AND length(login) <= 254);
ALTER TABLE users ADD COLUMN role_id INTEGER REFERENCES roles (id);
CREATE UNIQUE INDEX users_by_login ON users (login) WHERE login <> '';
CREATE INDEX users_by_role ON users (tenant_id, role_id, name, id);
CREATE INDEX users_by_address ON users (email) WHERE email <> '';
DROP INDEX users_search;
CREATE INDEX users_search ON users (tenant_id, (first_name || char(10) || last_name || char(10) || email
    || char(10) || login || char(10) || forward_always || char(10) || forward_busy || char(10) || forward_no_answer));

-- Kept by sign-in, not by the configuration: no revision when it changes.
CREATE TABLE sign_in (
    user_id             INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    password            TEXT,
    password_changed_at INTEGER,
    password_temporary  INTEGER NOT NULL DEFAULT 0 CHECK (password_temporary IN (0, 1))
) STRICT;

-- Each administrator becomes a user; all of this is one revision.
UPDATE revision SET checked = checked + (checked = number), number = number + 1, held = 1
 WHERE EXISTS (SELECT 1 FROM administrators);
INSERT INTO users (tenant_id, first_name, email, suspended, login, role_id)
SELECT a.tenant_id, COALESCE(NULLIF(a.name, ''), substr(a.login, 1, 64)),
       CASE WHEN a.login LIKE '_%@_%' AND NOT EXISTS
                 (SELECT 1 FROM users u WHERE u.tenant_id = a.tenant_id AND u.email = a.login)
            THEN a.login ELSE '' END,
       a.suspended, a.login,
       (SELECT r.id FROM roles r WHERE r.tenant_id = a.tenant_id AND r.level = a.level ORDER BY r.id LIMIT 1)
  FROM administrators a ORDER BY a.id;
INSERT INTO sign_in (user_id, password, password_changed_at, password_temporary)
SELECT u.id, a.password, a.password_changed_at, a.password_temporary
  FROM administrators a JOIN users u ON u.login = a.login;
UPDATE audit SET tbl = 'users', row_id =
       (SELECT u.id FROM administrators a JOIN users u ON u.login = a.login WHERE a.id = audit.row_id)
 WHERE tbl = 'administrators' AND row_id IN (SELECT id FROM administrators);
UPDATE revision SET held = 0;

ALTER TABLE setup_tokens RENAME TO old_setup_tokens;
CREATE TABLE setup_tokens (
    token_hash BLOB PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setup_tokens SELECT o.token_hash, u.id, o.expires_at FROM old_setup_tokens o
  JOIN administrators a ON a.id = o.administrator_id JOIN users u ON u.login = a.login;
DROP TABLE old_setup_tokens;

ALTER TABLE sessions RENAME TO old_sessions;
DROP INDEX sessions_by_administrator;
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB    NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, address, user_agent)
SELECT o.token_hash, u.id, o.created_at, o.seen_at, o.expires_at, o.address, o.user_agent FROM old_sessions o
  JOIN administrators a ON a.id = o.administrator_id JOIN users u ON u.login = a.login;
DROP TABLE old_sessions;

DROP TABLE administrators;
DELETE FROM change WHERE tbl = 'administrators';
