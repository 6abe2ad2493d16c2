import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from config.console import console
from training.batches import proving
from training.batches.counted import counted
from training.models import TrainingBatch

LEAKING, UNPROVEN = 1, 2


class Command(BaseCommand):
    help = (
        "Prove that no batch leaked across its split by what was known at its export; say what is known now. "
        "Exit code: 0 all are proven, 1 one leaks, 2 one could not be proven."
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
        self.conclude(proofs)

    def tell(self, proof: proving.Proof) -> None:
        self.stdout.write(f"{proof.slug}: {proof.outcome}")
        for word, lines in (
            ("leak", proof.leaks),
            ("because", proof.doubts),
            ("learned since", proof.advisories),
        ):
            for line in lines:
                self.stdout.write(f"  {word}: {line}")

    def conclude(self, proofs: list[proving.Proof]) -> None:
        """End with 0 if all are proven, LEAKING if one leaks, UNPROVEN if nothing worse is known."""
        of = {outcome: [p.slug for p in proofs if p.outcome == outcome] for outcome in proving.Outcome}
        if leaking := of[proving.Outcome.LEAKS]:
            raise CommandError(
                f"Footage on both sides: {', '.join(leaking)}. Do not trust scores of models trained on it.",
                returncode=LEAKING,
            )
        if unproven := of[proving.Outcome.NOT_PROVEN]:
            raise CommandError(
                f"Not proven: {', '.join(unproven)}. No leak was seen; see above what is in the way.",
                returncode=UNPROVEN,
            )
        if not proofs:
            self.stderr.write("There is no batch to prove yet. Run `manage.py export_batch` first.")
            return
        hold = counted(len(proofs), "batch holds", "batches hold")
        self.stderr.write(f"{hold} no footage on both sides that was known at export.")
