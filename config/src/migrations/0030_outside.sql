-- Help calls back whoever called it, also by a phone that may not register; signatures of callers are checked.

-- Where the phone was that called: its contact address, the routes to it, and the flow by which it came. Blank: none of ours.
ALTER TABLE emergency_calls ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency_calls ADD COLUMN path    TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency_calls ADD COLUMN flow    TEXT NOT NULL DEFAULT '';

-- Signatures of callers that come in by a trunk: whether they are checked, what is refused, and by whose certificates (PEM).
ALTER TABLE trunks ADD COLUMN identity_check TEXT NOT NULL DEFAULT 'off'
    CHECK (identity_check IN ('off', 'show', 'refuse', 'require'));
ALTER TABLE trunks ADD COLUMN signers TEXT NOT NULL DEFAULT '' CHECK (length(signers) <= 32000);

-- What came of the check: 'verified', 'failed', 'none'; blank where nothing is checked.
ALTER TABLE calls ADD COLUMN signature TEXT NOT NULL DEFAULT '';
