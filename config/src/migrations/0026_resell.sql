-- What a reseller does with customers.

-- Nobody there signs in or calls, except for help.
ALTER TABLE tenants ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));

-- The customer whose portal somebody of who runs the program has opened in a session.
ALTER TABLE sessions ADD COLUMN acts_for INTEGER REFERENCES tenants (id) ON DELETE SET NULL;
