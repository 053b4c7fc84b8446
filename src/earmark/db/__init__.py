"""PostgreSQL: the schema, connections, the vocabulary, and a storage module per noun."""
