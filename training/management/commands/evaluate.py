import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import console, stop_on_signals
from inference.models import ModelVersion
from training import runs
from training.evaluating.evaluations import Evaluation, EvaluationError
from training.evaluating.report import score, with_interval
from training.learning import progress


class Command(BaseCommand):
    help = "Measure a model on a batch's test split, beside metadata alone and other models measured there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="BATCH", help="An exported batch, such as v5.0.")
        parser.add_argument("--model", required=True, help="A model version; /models/ lists them.")
        parser.add_argument("--framesets", type=int, default=8, help="Framesets judged of each video.")
        parser.add_argument("--ladder", action="store_true", help="Also on copies encoded worse and worse.")
        parser.add_argument("--device", help="Such as cuda or cpu; the best there is.")
        parser.add_argument("--json", action="store_true", help="The numbers as one object on stdout.")

    def handle(self, *args: Any, slug: str, model: str, **options: Any) -> None:
        from cakelens.errors import CakeLensError

        found = ModelVersion.objects.filter(slug=model).first()
        if found is None:
            raise CommandError(f"There is no model {model}. /models/ lists them.")
        try:
            evaluation = Evaluation(
                found,
                runs.exported_batch(slug),
                framesets=options["framesets"],
                device=options["device"],
                with_ladder=options["ladder"],
            )
            self.follow(evaluation)
        except (EvaluationError, runs.RunError, CakeLensError, FileNotFoundError) as exc:
            raise CommandError(str(exc)) from exc
        self.tell(evaluation, as_json=options["json"])

    def follow(self, evaluation: Evaluation) -> None:
        with stop_on_signals() as stopping, progress.Bars(console()) as bars:
            for report in evaluation.run():
                bars.show(report)
                if stopping.is_set():
                    raise CommandError("Stopped. Nothing was written; run it again.")

    def tell(self, evaluation: Evaluation, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(evaluation.found))
            return
        ai_gen, baseline = evaluation.found["test"]["labels"]["AI_GEN"], evaluation.found["baseline"]
        self.stdout.write(
            f"AUC of AI_GEN {with_interval(ai_gen['auc'], ai_gen['auc_interval'])},"
            f" metadata alone {score(baseline['auc'])}. The whole report: {evaluation.folder / 'report.md'}"
        )
