-- Passkeys, single sign-on, the company's language.

-- Keys of authenticators (WebAuthn). `public_key` is a COSE key; `counter` what the authenticator counted last.
CREATE TABLE passkeys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    -- Whose site the key is for: browsers offer it to no other.
    rp         TEXT    NOT NULL CHECK (length(rp) BETWEEN 1 AND 253),
    -- What authenticators call the key, and what they call its user; random, so that they tell nothing.
    credential BLOB    NOT NULL UNIQUE CHECK (length(credential) BETWEEN 1 AND 1023),
    handle     BLOB    NOT NULL CHECK (length(handle) BETWEEN 16 AND 64),
    public_key BLOB    NOT NULL,
    counter    INTEGER NOT NULL DEFAULT 0 CHECK (counter BETWEEN 0 AND 4294967295),
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- Who a user is at the company's identity provider.
CREATE TABLE identities (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    issuer    TEXT    NOT NULL CHECK (length(issuer) BETWEEN 1 AND 253),
    subject   TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- As the provider calls them, for people.
    shown     TEXT    NOT NULL DEFAULT '',
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identities_by_user ON identities (user_id, issuer);

ALTER TABLE settings ADD COLUMN oidc_match TEXT NOT NULL DEFAULT 'email' CHECK (oidc_match IN ('email', 'claim', 'linked'));
ALTER TABLE settings ADD COLUMN oidc_claim TEXT NOT NULL DEFAULT 'preferred_username'
    CHECK (length(oidc_claim) BETWEEN 1 AND 64);
ALTER TABLE settings ADD COLUMN language TEXT NOT NULL DEFAULT '' CHECK (language IN ('', 'de', 'en'));

-- Opened by the company's identity provider: neither our password nor our second factor is asked for.
ALTER TABLE sessions ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere IN (0, 1));
