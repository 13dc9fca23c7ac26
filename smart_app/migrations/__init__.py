"""The schema's history. Only `preceptor migrate` imports alembic; the web process asks `schema.py`."""
