"""How sure a number is, and how right the labels behind it are."""
