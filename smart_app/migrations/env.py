"""Alembic's entry: runs the steps on the connection that smart_app.migrations.running hands over."""

from alembic import context

from smart_app.db import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
