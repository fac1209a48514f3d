-- Indexes that keep lists fast at ten thousand rows.

-- All text of a row that a search looks at, in one; a test compares it with the declarations.
CREATE INDEX users_search ON users (tenant_id, (first_name || char(10) || last_name || char(10) || email
    || char(10) || forward_always || char(10) || forward_busy || char(10) || forward_no_answer));
CREATE INDEX devices_search ON devices (tenant_id, (name || char(10) || username));

-- Filters, in the order in which the list is shown at first.
CREATE INDEX users_by_suspended ON users (tenant_id, suspended, name, id);
CREATE INDEX devices_by_name ON devices (tenant_id, name, id);
CREATE INDEX devices_by_ring ON devices (tenant_id, ring, name, id);

-- Short numbers before long ones.
CREATE INDEX extensions_in_order ON extensions (tenant_id, (substr('      ' || number, -6)), user_id, ring_group_id);
