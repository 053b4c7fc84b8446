"""The HTTP API and the web app that it serves."""
