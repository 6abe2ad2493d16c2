import logging

from django.db import migrations, transaction
from django.db.utils import DatabaseError

logger = logging.getLogger(__name__)

# What `icontains` compares. Without it a search reads every post: 150 ms at 200,000.
INDEX = """CREATE INDEX post_search ON labeling_post
USING gin (UPPER(text) gin_trgm_ops, UPPER(author_handle) gin_trgm_ops)"""


def install(apps, schema_editor):
    """Index the text of posts on PostgreSQL; where its extension may not be made, searching stays slower."""
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(INDEX)
    except DatabaseError as exc:
        logger.warning("Searching posts will read all of them: pg_trgm is not there (%s).", exc)


def uninstall(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS post_search")


class Migration(migrations.Migration):
    dependencies = [("labeling", "0003_fingerprint_keys")]
    operations = [migrations.RunPython(install, uninstall)]
