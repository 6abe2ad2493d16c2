"""Numbers for Prometheus: how much waits, for how long, and who is at it. Asked of the database each time."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs import workers
from jobs.sweep import job_models
from labeling.models import XPause


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


class Work(Collector):
    """What waits to be done, and the processes that do it. Nothing is counted that grows with the past."""

    def describe(self) -> list[Metric]:
        return []  # or the registry would ask the database when this module is loaded

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("cakelens_jobs", "Unfinished jobs", labels=["kind", "state"])
        waiting = GaugeMetricFamily(
            "cakelens_job_waiting_seconds", "How long the oldest job that is due has waited", labels=["kind"]
        )
        now = timezone.now()
        for model in job_models():
            kind, unfinished = model.__name__, model.objects.unfinished().order_by()
            for state, count in unfinished.values_list("state").annotate(Count("pk")):
                jobs.add_metric([kind, state], count)
            since = model.objects.due(now).aggregate(since=Min("next_try_at"))["since"]
            waiting.add_metric([kind], (now - since).total_seconds() if since else 0)
        yield from (jobs, waiting, _workers())
        yield GaugeMetricFamily(
            "cakelens_x_paused", "1 while X is left alone", value=int(XPause.current() is not None)
        )


def _workers() -> Metric:
    processes = GaugeMetricFamily(
        "cakelens_workers", "Processes that work on a queue and were seen within a minute", labels=["queue"]
    )
    for queue, count in sorted(workers.living().items()):
        processes.add_metric([queue], count)
    return processes


REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
REGISTRY.register(Work())
