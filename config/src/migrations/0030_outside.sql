-- Help calls back whoever called it, also by a phone that may not register.

-- Where the phone was that called: its contact address, the routes to it, and the flow by which it came. Blank: none of ours.
ALTER TABLE emergency_calls ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency_calls ADD COLUMN path    TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency_calls ADD COLUMN flow    TEXT NOT NULL DEFAULT '';
