from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.ITEMS)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.ITEMS)


class Migration(migrations.Migration):
    dependencies = [("training", "0004_growth")]
    operations = [migrations.RunPython(install, uninstall)]
