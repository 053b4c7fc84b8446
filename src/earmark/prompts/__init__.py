"""Versioned texts that tell a model, local or hosted, what to look for."""
