"""Unit, integration, acceptance and migration tests."""
