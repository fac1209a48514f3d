-- What goes outside: how a caller's number is written, signed callers, and mobile phones that ring with the others.

-- How a trunk wants a caller's number written, and what it wants before it.
ALTER TABLE trunks ADD COLUMN caller_form TEXT NOT NULL DEFAULT 'plus'
    CHECK (caller_form IN ('plus', 'e164', 'international', 'national'));
ALTER TABLE trunks ADD COLUMN caller_prefix TEXT NOT NULL DEFAULT '' CHECK (length(caller_prefix) <= 20);
-- They wrote it in full so far: with its sign where numbers that are called have one.
UPDATE trunks SET caller_form = 'e164' WHERE number_out <> 'plus';

-- Signed callers (RFC 8224): signatures are passed on, or made, too.
ALTER TABLE trunks ADD COLUMN identity TEXT NOT NULL DEFAULT 'pass' CHECK (identity IN ('off', 'pass', 'sign'));
ALTER TABLE trunks ADD COLUMN sign_key TEXT NOT NULL DEFAULT '';
ALTER TABLE trunks ADD COLUMN sign_certificate TEXT NOT NULL DEFAULT '' CHECK (length(sign_certificate) <= 2000);
ALTER TABLE trunks ADD COLUMN attestation TEXT NOT NULL DEFAULT 'A' CHECK (attestation IN ('A', 'B', 'C'));

-- Whether a user's mobile phone rings with their other phones, and how many seconds later; NULL is at once.
ALTER TABLE users ADD COLUMN mobile_rings INTEGER NOT NULL DEFAULT 0 CHECK (mobile_rings IN (0, 1));
ALTER TABLE users ADD COLUMN mobile_delay INTEGER CHECK (mobile_delay BETWEEN 0 AND 60);
