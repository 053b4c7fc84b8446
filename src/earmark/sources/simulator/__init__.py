"""An Intercom-compatible server, and what it can serve: a sample workspace or dialogues."""
