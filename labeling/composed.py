"""Queries that Django composes once; later they are only given their values.

Composing takes Django 0.2 to 1.5 ms of processor for a query that PostgreSQL answers in 0.1, anew each time.
What every claim and every answer asks is therefore composed at its first use (bench/labeling.py). A composed
query must have the same shape for all values: what varies is `Given`, the rest is fixed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models import QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=models.Model)


class Given(Expression):
    """A value that the query is given each time: what a field of a model is compared with or set to.

    It is called as the field is, unless it gets a `name`.
    """

    def __init__(self, model: type[models.Model], field: str, name: str = "") -> None:
        compared: Any = model._meta.get_field(field)
        super().__init__(output_field=compared)
        self.name = name or field

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)

    def bind(self, values: dict[str, Any]) -> Any:
        field: Any = self.output_field
        return field.get_db_prep_value(values[self.name], connection)


class _Statement:
    """The SQL of a query for one kind of database, and the compiler that knows how to read its rows."""

    def __init__(self, query: Any) -> None:
        self.compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, self.params = self.compiler.as_sql()

    def bind(self, values: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(each.bind(values) if isinstance(each, Given) else each for each in self.params)


class _Composed(ABC):
    def __init__(self) -> None:
        self._statements: dict[str, _Statement] = {}

    @abstractmethod
    def _query(self) -> Any:
        """Return Django's query, with `Given` where a value comes."""

    def _statement(self) -> _Statement:
        # Two threads may both compose it the first time; either will do.
        if connection.vendor not in self._statements:
            self._statements[connection.vendor] = _Statement(self._query())
        return self._statements[connection.vendor]


class Select(_Composed, Generic[M]):
    """A query for rows: `Select(lambda: Slot.objects.filter(claim=Given(Slot, "claim")))(claim=…)`."""

    def __init__(self, compose: Callable[[], "QuerySet[M]"]) -> None:
        super().__init__()
        self._queryset = compose

    def _query(self) -> Any:
        return self._queryset().query

    def __call__(self, **values: Any) -> list[M]:
        """Return the rows for these values."""
        statement = self._statement()
        bound = statement.bind(values)
        compiler = copy(statement.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # each thread has its own
        compiler.as_sql = lambda *args, **kwargs: (statement.sql, bound)
        query: Any = copy(compiler.query)
        query.get_compiler = lambda *args, **kwargs: compiler
        return list(QuerySet(query.model, query))

    def first(self, **values: Any) -> M | None:
        """Return the first row for these values; the query should ask for no more than that."""
        return next(iter(self(**values)), None)


class Update(_Composed):
    """A change of rows: `Update(lambda: Slot.objects.filter(…), state=SlotState.DONE, claim=None)`."""

    def __init__(self, compose: Callable[[], "QuerySet[Any]"], **changes: Any) -> None:
        super().__init__()
        self._queryset, self._changes = compose, changes

    def _query(self) -> Any:
        query: Any = self._queryset().query.chain(UpdateQuery)
        query.add_update_values(self._changes)
        return query

    def __call__(self, **values: Any) -> int:
        """Change the rows and return how many there were."""
        statement = self._statement()
        with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.bind(values))
            return int(cursor.rowcount)
