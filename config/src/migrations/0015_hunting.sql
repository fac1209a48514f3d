-- How a ring group hunts, and what it remembers between calls.
ALTER TABLE ring_groups ADD COLUMN strategy TEXT NOT NULL DEFAULT 'all'
    CHECK (strategy IN ('all', 'top_to_bottom', 'round_robin', 'longest_idle'));
ALTER TABLE ring_groups ADD COLUMN total_time INTEGER CHECK (total_time BETWEEN 5 AND 3600);
ALTER TABLE ring_groups ADD COLUMN caller_prefix TEXT NOT NULL DEFAULT '' CHECK (length(caller_prefix) <= 16);

-- Who answered last of a group that rings in turn. Records: written with the calls, no revision.
CREATE TABLE hunt_turns (
    group_id INTEGER PRIMARY KEY,
    user_id  INTEGER NOT NULL
) STRICT;

-- When the last answered call of a member of a group that prefers the longest idle ended. Unix milliseconds.
CREATE TABLE last_calls (
    user_id  INTEGER PRIMARY KEY,
    ended_at INTEGER NOT NULL
) STRICT;
