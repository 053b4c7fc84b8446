"""Durable jobs on PostgreSQL: the only package that knows the job engine."""
