-- Who forwards to a number that somebody wants to give up. Most forward nowhere.
CREATE INDEX users_by_forward_always ON users (tenant_id, forward_always) WHERE forward_always <> '';
CREATE INDEX users_by_forward_busy ON users (tenant_id, forward_busy) WHERE forward_busy <> '';
CREATE INDEX users_by_forward_no_answer ON users (tenant_id, forward_no_answer) WHERE forward_no_answer <> '';
