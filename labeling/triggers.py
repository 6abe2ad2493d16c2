"""Rules that hold even against SQL typed by hand: rows that never change, splits that are never moved.

One list, written for SQLite and for PostgreSQL. Migrations install it; tests read it.
"""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


@dataclass(frozen=True, slots=True)
class Frozen:
    """A table whose rows are never updated (`column`: only that column, once set) or deleted."""

    table: str
    message: str
    column: str = ""
    allows_delete: bool = False

    @property
    def events(self) -> tuple[str, ...]:
        return ("update",) if self.allows_delete else ("update", "delete")

    def name(self, event: str) -> str:
        return f"{self.table}_{self.column or 'row'}_no_{event}"

    def create_sql(self, vendor: str, event: str) -> list[str]:
        head = f"CREATE TRIGGER {self.name(event)} BEFORE {event.upper()} {self._scope(vendor)}"
        if vendor == "sqlite":
            return [f"{head} BEGIN SELECT RAISE(ABORT, '{self.message}'); END"]
        function = f"{self.name(event)}_fn"
        return [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{self.message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"{head} EXECUTE FUNCTION {function}()",
        ]

    def _scope(self, vendor: str) -> str:
        """Say which changes of which rows: all of the table's, or those of the column once it is set."""
        if not self.column:
            return f"ON {self.table} FOR EACH ROW"
        old, new = f"OLD.{self.column}", f"NEW.{self.column}"
        differs = f"{old} IS NOT {new}" if vendor == "sqlite" else f"{old} IS DISTINCT FROM {new}"
        return f"OF {self.column} ON {self.table} FOR EACH ROW WHEN ({old} IS NOT NULL AND {differs})"

    def drop_sql(self, vendor: str, event: str) -> list[str]:
        if vendor == "sqlite":
            return [f"DROP TRIGGER IF EXISTS {self.name(event)}"]
        return [
            f"DROP TRIGGER IF EXISTS {self.name(event)} ON {self.table}",
            f"DROP FUNCTION IF EXISTS {self.name(event)}_fn()",
        ]


LABELING = (
    Frozen("labeling_annotation", "Annotations are append-only: add a row instead."),
    Frozen("labeling_settlement", "Settlements are immutable: add a row instead."),
    Frozen("labeling_video", "A split that is set never changes.", column="split", allows_delete=True),
    Frozen(
        "labeling_duplicategroup", "A split that is set never changes.", column="split", allows_delete=True
    ),
)
TRAINING = (
    Frozen("training_batchitem", "Batch items are immutable: export a new batch instead."),
    Frozen("training_withdrawal", "Withdrawals are append-only."),
)


def install(editor: BaseDatabaseSchemaEditor, rules: tuple[Frozen, ...]) -> None:
    for rule in rules:
        for event in rule.events:
            _execute(editor.connection, rule.create_sql(editor.connection.vendor, event))


def uninstall(editor: BaseDatabaseSchemaEditor, rules: tuple[Frozen, ...]) -> None:
    for rule in rules:
        for event in rule.events:
            _execute(editor.connection, rule.drop_sql(editor.connection.vendor, event))


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
