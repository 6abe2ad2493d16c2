from django.db import migrations

from labeling import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor, triggers.ANSWERS)


def uninstall(apps, schema_editor):
    triggers.uninstall(schema_editor, triggers.ANSWERS)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0005_people_and_review")]
    operations = [migrations.RunPython(install, uninstall)]
