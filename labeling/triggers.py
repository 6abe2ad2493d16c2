"""Rules that hold even against SQL typed by hand: rows that never change, splits that are never moved.

One list, written for SQLite and for PostgreSQL. Migrations install it; tests read it.
"""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


@dataclass(frozen=True, slots=True)
class Frozen:
    """A table whose rows are never updated or deleted.

    `columns`: only these are never updated. `when`: only rows of which this is true, in the SQL that both
    databases speak. `column`: only that one, once it is set.
    """

    table: str
    message: str
    column: str = ""
    columns: tuple[str, ...] = ()
    when: str = ""
    allows_delete: bool = False

    @property
    def events(self) -> tuple[str, ...]:
        return ("update",) if self.allows_delete else ("update", "delete")

    def name(self, event: str) -> str:
        return f"{self.table}_{self.column or 'row'}_no_{event}"

    def create_sql(self, vendor: str, event: str) -> list[str]:
        head = f"CREATE TRIGGER {self.name(event)} BEFORE {event.upper()} {self._scope(event)}"
        if vendor == "sqlite":
            return [f"{head} BEGIN SELECT RAISE(ABORT, '{self.message}'); END"]
        function = f"{self.name(event)}_fn"
        return [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{self.message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"{head} EXECUTE FUNCTION {function}()",
        ]

    def _scope(self, event: str) -> str:
        """Say which changes of which rows."""
        columns = (self.column,) if self.column else self.columns
        of = f"OF {', '.join(columns)} " if columns and event == "update" else ""
        when = f" WHEN ({self._condition()})" if self._condition() else ""
        return f"{of}ON {self.table} FOR EACH ROW{when}"

    def _condition(self) -> str:
        if self.when or not self.column:
            return self.when
        old, new = f"OLD.{self.column}", f"NEW.{self.column}"
        return f"{old} IS NOT NULL AND ({new} IS NULL OR {new} <> {old})"

    def drop_sql(self, vendor: str, event: str) -> list[str]:
        if vendor == "sqlite":
            return [f"DROP TRIGGER IF EXISTS {self.name(event)}"]
        return [
            f"DROP TRIGGER IF EXISTS {self.name(event)} ON {self.table}",
            f"DROP FUNCTION IF EXISTS {self.name(event)}_fn()",
        ]


@dataclass(frozen=True, slots=True)
class Closed(Frozen):
    """A table that takes no row of which `when` is true: SQL that may ask other tables, too."""

    @property
    def events(self) -> tuple[str, ...]:
        return ("insert",)

    def create_sql(self, vendor: str, event: str) -> list[str]:
        head = f"CREATE TRIGGER {self.name(event)} BEFORE INSERT ON {self.table} FOR EACH ROW"
        if vendor == "sqlite":
            return [f"{head} WHEN {self.when} BEGIN SELECT RAISE(ABORT, '{self.message}'); END"]
        # Not in the trigger's own WHEN: there PostgreSQL allows no subquery.
        function = f"{self.name(event)}_fn"
        return [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {self.when} THEN RAISE EXCEPTION '{self.message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"{head} EXECUTE FUNCTION {function}()",
        ]


@dataclass(frozen=True, slots=True)
class Filled(Frozen):
    """A table that is never emptied at one stroke, which no trigger of rows sees. SQLite has no TRUNCATE."""

    @property
    def events(self) -> tuple[str, ...]:
        return ("truncate",)

    def create_sql(self, vendor: str, event: str) -> list[str]:
        # Not super(): with slots the class is made anew, and super() means the old one.
        return Frozen.create_sql(self, vendor, event) if vendor == "postgresql" else []

    def drop_sql(self, vendor: str, event: str) -> list[str]:
        return Frozen.drop_sql(self, vendor, event) if vendor == "postgresql" else []

    def _scope(self, event: str) -> str:
        return f"ON {self.table} FOR EACH STATEMENT"


LABELING = (
    Frozen("labeling_annotation", "Annotations are append-only: add a row instead."),
    Frozen("labeling_settlement", "Settlements are immutable: add a row instead."),
    Frozen("labeling_video", "A split that is set never changes.", column="split", allows_delete=True),
    Frozen(
        "labeling_duplicategroup", "A split that is set never changes.", column="split", allows_delete=True
    ),
)
ANSWERS = (
    Frozen("labeling_settlement_annotations", "What a settlement rests on never changes."),
    Frozen(
        "labeling_evidence",
        "Evidence is append-only: answer again instead.",
        columns=("annotation_id", "labels", "kind", "at_seconds"),
    ),
    # A withdrawal may purge the words that were quoted; nothing else may touch them.
    Frozen(
        "labeling_evidence",
        "A quote is kept or emptied, never rewritten.",
        column="quote",
        when="NEW.quote <> '' AND NEW.quote <> OLD.quote",
        allows_delete=True,
    ),
)
BATCH_ITEMS = (Frozen("training_batchitem", "Batch items are immutable: export a new batch instead."),)
TRAINING = (*BATCH_ITEMS, Frozen("training_withdrawal", "Withdrawals are append-only."))
"""What two migrations install; `SIGNED` takes the place of its rule for withdrawals."""

BATCHES = (
    # Not `created_by`: who exported it may close their account.
    Frozen(
        "training_trainingbatch",
        "An exported batch never changes: export a new one instead.",
        columns=(
            *("id", "slug", "state", "digest", "manifest_name", "filters", "label_counts", "left_out"),
            *("confounds", "facts", "num_train", "num_validation", "num_test", "frozen_at", "exported_at"),
        ),
        when="OLD.state = 'exported'",
    ),
)
ITEMS = (
    Closed(
        "training_batchitem",
        "An exported batch takes no more items: export a new one instead.",
        when="EXISTS (SELECT 1 FROM training_trainingbatch WHERE id = NEW.batch_id AND state = 'exported')",
    ),
)
WITHDRAWN = (
    # The list is append-only, and this column is what batches, fetching and training read of it.
    Frozen(
        "labeling_video",
        "A withdrawn video stays withdrawn.",
        column="is_withdrawn",
        when="OLD.is_withdrawn AND NOT NEW.is_withdrawn",
        allows_delete=True,
    ),
)
DEALT = (
    # Deleted and inserted again (on SQLite: REPLACE), it would have any split.
    Frozen(
        "labeling_video",
        "A video that has a split stays: withdraw it instead.",
        columns=("id",),
        when="OLD.split IS NOT NULL",
    ),
    Frozen("labeling_duplicategroup", "A group stays: its split was dealt.", columns=("id",)),
    Filled("labeling_annotation", "Annotations are append-only."),
    Filled("labeling_evidence", "Evidence is append-only."),
    Filled("labeling_settlement", "Settlements are immutable."),
    Filled("labeling_settlement_annotations", "What a settlement rests on never changes."),
    Filled("labeling_video", "Videos stay: withdraw them instead."),
    Filled("labeling_duplicategroup", "Groups stay: their splits were dealt."),
)
FILLED = (
    Filled("training_batchitem", "Batch items are immutable."),
    Filled("training_trainingbatch", "Batches are immutable."),
    Filled("training_withdrawal", "Withdrawals are append-only."),
)
SIGNED = (
    # Not `withdrawn_by`: who withdrew may close their account. Nobody else gets to have done it.
    Frozen(
        "training_withdrawal",
        "Withdrawals are append-only.",
        columns=("id", "video_id", "reason", "is_purged", "created_at"),
    ),
    Frozen(
        "training_withdrawal",
        "Who withdrew a video is kept or forgotten, never changed.",
        column="withdrawn_by_id",
        when="NEW.withdrawn_by_id IS NOT NULL "
        "AND (OLD.withdrawn_by_id IS NULL OR NEW.withdrawn_by_id <> OLD.withdrawn_by_id)",
        allows_delete=True,
    ),
)
ALL = (*LABELING, *ANSWERS, *BATCH_ITEMS, *BATCHES, *ITEMS, *WITHDRAWN, *DEALT, *FILLED, *SIGNED)
"""Every rule that stands once all migrations have run; each tuple is what one migration brought."""


def install(editor: BaseDatabaseSchemaEditor, rules: tuple[Frozen, ...]) -> None:
    """Create the triggers; those that stand already are made anew."""
    uninstall(editor, rules)
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
