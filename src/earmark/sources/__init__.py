"""Where conversations come from: a port, and the adapters behind it."""
