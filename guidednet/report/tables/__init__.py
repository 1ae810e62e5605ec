"""Tables with their numbers, captions, footnotes and markup."""
