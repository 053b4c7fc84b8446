"""The product: one module per stage of a conversation's journey, in this order.

`run` (which stage when), `ingest`, `mask`, `classify`, `embed`, `themes`, `stories`.
"""
