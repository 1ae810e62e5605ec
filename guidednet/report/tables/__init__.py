"""Tables: their numbers, captions, footnotes and markup."""
