-- What is done once a day: on which day of the company's clocks it was done last. Records, no revision.
-- Jobs for the whole program run with the day of the company that runs it.
CREATE TABLE daily_jobs (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    job       TEXT    NOT NULL,
    -- 2026-11-22
    day       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, job)
) STRICT, WITHOUT ROWID;
