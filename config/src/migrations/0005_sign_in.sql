-- Mail, second factors, single sign-on.

-- Messages on their way, written in the transaction of what they tell; delivered and tried again by the program.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id  INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    -- What the message says, encrypted: it may hold a link that opens an account. Blank once it is sent or given up.
    content    TEXT    NOT NULL,
    state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    sent_at    INTEGER,
    error      TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_by_tenant ON outbox (tenant_id, id);
CREATE INDEX outbox_by_recipient ON outbox (recipient, created_at);

ALTER TABLE node_settings ADD COLUMN smtp_host TEXT NOT NULL DEFAULT '' CHECK (length(smtp_host) <= 253);
ALTER TABLE node_settings ADD COLUMN smtp_port INTEGER NOT NULL DEFAULT 587 CHECK (smtp_port BETWEEN 1 AND 65535);
ALTER TABLE node_settings ADD COLUMN smtp_tls TEXT NOT NULL DEFAULT 'starttls' CHECK (smtp_tls IN ('starttls', 'tls', 'none'));
ALTER TABLE node_settings ADD COLUMN smtp_user TEXT NOT NULL DEFAULT '' CHECK (length(smtp_user) <= 254);
ALTER TABLE node_settings ADD COLUMN smtp_secret TEXT NOT NULL DEFAULT ''
    CHECK (smtp_secret = '' OR smtp_secret GLOB 'v1:*' OR smtp_secret GLOB 'plain:?*');
ALTER TABLE node_settings ADD COLUMN mail_from TEXT NOT NULL DEFAULT '' CHECK (length(mail_from) <= 254);
ALTER TABLE node_settings ADD COLUMN portal_address TEXT NOT NULL DEFAULT '' CHECK (length(portal_address) <= 253);

ALTER TABLE settings ADD COLUMN second_factor TEXT NOT NULL DEFAULT 'optional'
    CHECK (second_factor IN ('optional', 'administrators', 'required'));
ALTER TABLE settings ADD COLUMN support_contact TEXT NOT NULL DEFAULT '' CHECK (length(support_contact) <= 200);
ALTER TABLE settings ADD COLUMN local_sign_in INTEGER NOT NULL DEFAULT 1 CHECK (local_sign_in IN (0, 1));
ALTER TABLE settings ADD COLUMN oidc_issuer TEXT NOT NULL DEFAULT '' CHECK (length(oidc_issuer) <= 253);
ALTER TABLE settings ADD COLUMN oidc_client TEXT NOT NULL DEFAULT '' CHECK (length(oidc_client) <= 200);
ALTER TABLE settings ADD COLUMN oidc_secret TEXT NOT NULL DEFAULT ''
    CHECK (oidc_secret = '' OR oidc_secret GLOB 'v1:*' OR oidc_secret GLOB 'plain:?*');

-- A session that waits for the second factor opens nothing else.
ALTER TABLE sessions ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1));

-- One authenticator app a user. `confirmed` when they have shown that it works; `last_step` so that no code works twice.
CREATE TABLE authenticators (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret     TEXT    NOT NULL,
    confirmed  INTEGER NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)),
    created_at INTEGER NOT NULL,
    last_step  INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Stored as SHA-256 like all tokens; a used one is gone.
CREATE TABLE recovery_codes (
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB    NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;
