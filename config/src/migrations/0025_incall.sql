-- What happens during calls.

-- A company can park calls from its first day on.
CREATE TRIGGER tenants_have_a_lot AFTER INSERT ON tenants BEGIN
    INSERT INTO park_lots (tenant_id, name, first_slot, slots) VALUES (NEW.id, 'Parking', '701', 9);
END;

-- A test tone. Where a company dials something else by these keys already, it has none until somebody gives it others.
INSERT INTO default_codes (id, function, code, permission) VALUES (31, 'milliwatt', '*42', '');
INSERT INTO feature_codes (tenant_id, function, code, permission)
SELECT t.id, 'milliwatt', '*42', '' FROM tenants t WHERE NOT EXISTS (
    SELECT 1 FROM feature_codes c WHERE c.tenant_id = t.id
    AND (substr(c.code, 1, 3) = '*42' OR substr('*42', 1, length(c.code)) = c.code));

-- Whether companies of one's group see who is on the phone; both must want it.
ALTER TABLE settings ADD COLUMN shares_presence INTEGER NOT NULL DEFAULT 0 CHECK (shares_presence IN (0, 1));
