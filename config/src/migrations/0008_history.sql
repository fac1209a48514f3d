-- What each row was before a change, whoever made it: enough to show, compare and bring back any revision of the last
-- months. Written by triggers, so that no writer can forget it. The first change of a row within a revision counts.
CREATE TABLE history (
    tbl       TEXT    NOT NULL,
    row_id    INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    -- Whose row; 0 for the program's own.
    tenant_id INTEGER NOT NULL,
    -- JSON: {"field": "value"}, secrets encrypted as in the table; NULL: the row was not there.
    before    TEXT,
    PRIMARY KEY (tbl, row_id, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_by_revision ON history (revision);
CREATE INDEX history_by_time ON history (at_ms);

-- The oldest revision that can still be shown.
CREATE TABLE history_floor (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO history_floor (id, revision) SELECT 1, number FROM revision;

-- since: the row was as `changes` says it was at this revision. Mostly one less than `revision`; less, when somebody
-- changed it several times in the file before it was noticed. undoes: the entry that this one took back.
ALTER TABLE audit ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN undoes INTEGER;
UPDATE audit SET since = revision - 1;
CREATE INDEX audit_by_revision ON audit (revision);
CREATE INDEX audit_by_time ON audit (at_ms);
CREATE INDEX audit_undone ON audit (undoes) WHERE undoes IS NOT NULL;

-- Changes that are taken back at `deadline_ms` unless somebody confirms them before.
CREATE TABLE trials (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL,
    author      TEXT    NOT NULL,
    -- The revisions it is about: all of the author's from the first to the last; NULL: to the end of the trial.
    first       INTEGER NOT NULL,
    last        INTEGER,
    started_ms  INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL
) STRICT;

-- How long the audit log and the history are kept. AUD-01: never shorter than 90 days.
ALTER TABLE node_settings ADD COLUMN audit_retention_days INTEGER NOT NULL DEFAULT 90
    CHECK (audit_retention_days BETWEEN 90 AND 3650);
