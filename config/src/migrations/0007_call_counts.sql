-- How many calls began in each quarter of an hour, kept by triggers, so that charts need not look at every call.
CREATE TABLE call_counts (
    tenant_id INTEGER NOT NULL,
    -- Unix milliseconds of its beginning.
    quarter   INTEGER NOT NULL,
    direction TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    calls     INTEGER NOT NULL,
    talk_ms   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, quarter, direction, outcome)
) STRICT, WITHOUT ROWID;

-- Between extensions, from one to the outside, or from the outside.
CREATE VIEW counted_calls AS SELECT id, tenant_id, started_at - started_at % 900000 AS quarter,
    CASE WHEN caller_number GLOB '*[^0-9]*' OR length(caller_number) NOT BETWEEN 2 AND 6 THEN 'inbound'
         WHEN dialled GLOB '*[^0-9*#]*' OR length(dialled) > 6 THEN 'outbound' ELSE 'internal' END AS direction,
    outcome, CASE WHEN answered_at IS NULL THEN 0 ELSE max(ended_at - answered_at, 0) END AS talk_ms
    FROM calls WHERE ended_at IS NOT NULL;

INSERT INTO call_counts SELECT tenant_id, quarter, direction, outcome, count(*), sum(talk_ms)
    FROM counted_calls GROUP BY 1, 2, 3, 4;

CREATE TRIGGER calls_count_insert AFTER INSERT ON calls WHEN NEW.ended_at IS NOT NULL BEGIN
    INSERT INTO call_counts SELECT tenant_id, quarter, direction, outcome, 1, talk_ms
        FROM counted_calls WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET calls = calls + 1, talk_ms = talk_ms + excluded.talk_ms;
END;
CREATE TRIGGER calls_count_end AFTER UPDATE OF ended_at ON calls
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
    INSERT INTO call_counts SELECT tenant_id, quarter, direction, outcome, 1, talk_ms
        FROM counted_calls WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET calls = calls + 1, talk_ms = talk_ms + excluded.talk_ms;
END;
