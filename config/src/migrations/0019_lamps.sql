-- Lamps: who watches what, and phones that are told of their messages without asking.
ALTER TABLE devices ADD COLUMN unasked_counts INTEGER NOT NULL DEFAULT 0 CHECK (unasked_counts IN (0, 1));

-- Dialogs of SUBSCRIBE. Records: written with the calls, no revision. expires_at: Unix milliseconds.
CREATE TABLE subscriptions (
    id          INTEGER PRIMARY KEY,
    tenant_id   INTEGER NOT NULL,
    device_id   INTEGER NOT NULL,
    -- What is watched, as it was subscribed to.
    number      TEXT    NOT NULL,
    -- Package and id.
    event       TEXT    NOT NULL,
    takes_parts INTEGER NOT NULL,
    call_id     TEXT    NOT NULL,
    -- From of our NOTIFYs and its tag, Contact, To with tag, where they go.
    local       TEXT    NOT NULL,
    local_tag   TEXT    NOT NULL,
    contact     TEXT    NOT NULL,
    remote      TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    routes      TEXT    NOT NULL,
    local_cseq  INTEGER NOT NULL,
    remote_cseq INTEGER NOT NULL,
    -- udp|tcp local remote
    flow        TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
