"""Models that read text: a port, and the adapters behind it."""
