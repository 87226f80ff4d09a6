"""Bodies and who acts for them. Nouns: Organisation, Membership, Office, Officer. Imports accounts, audit, core."""
