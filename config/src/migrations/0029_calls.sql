-- Calls to mobile phones.

-- Who answers a mobile phone presses 1 to take the call: its mailbox does not.
ALTER TABLE users ADD COLUMN mobile_confirms INTEGER NOT NULL DEFAULT 1 CHECK (mobile_confirms IN (0, 1));

-- The members' mobile phones ring with the group.
ALTER TABLE ring_groups ADD COLUMN rings_mobiles INTEGER NOT NULL DEFAULT 0 CHECK (rings_mobiles IN (0, 1));
