"""Earmark: every Intercom conversation, turned into verified themes and stories."""

__version__ = "0.1.0"
