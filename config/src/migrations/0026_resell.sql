-- What a reseller does with customers.

-- Nobody there signs in or calls, except for help.
ALTER TABLE tenants ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));
