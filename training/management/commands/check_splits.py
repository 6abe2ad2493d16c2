import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from config.console import console
from training.batches import proving
from training.models import TrainingBatch


class Command(BaseCommand):
    help = (
        "Prove that no batch leaked across its split by what was known at its export; say what is known now."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One object per batch on stdout.")
        parser.add_argument(
            "--look", action="store_true", help="Compare the pictures of test and validation videos anew."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        batches = list(TrainingBatch.objects.exported().order_by("pk"))
        proofs = []
        for batch in track(batches, description="Proving", console=console(), transient=True):
            proof = proving.prove(batch, looks_again=options["look"])
            proofs.append(proof)
            if options["json"]:
                self.stdout.write(json.dumps(proof.to_dict()))
            else:
                self.tell(proof)
        if bad := [proof.slug for proof in proofs if proof.leaks]:
            raise CommandError(
                f"Not proven: {', '.join(bad)}. Do not trust scores of models trained on them."
            )
        self.stderr.write(f"{len(proofs):,} batches hold no footage on both sides that was known at export.")

    def tell(self, proof: proving.Proof) -> None:
        self.stdout.write(f"{proof.slug}: {'LEAKS' if proof.leaks else 'proven'}")
        for leak in proof.leaks:
            self.stdout.write(f"  leak: {leak}")
        for advisory in proof.advisories:
            self.stdout.write(f"  learned since: {advisory}")
