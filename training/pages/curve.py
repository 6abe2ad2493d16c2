"""The curve of a run's losses, thin enough for a row and a page however long the run is."""

from dataclasses import dataclass, field
from typing import Any, Self

MOST = 120  # points: each stands for as many steps as it must


@dataclass(slots=True)
class Curve:
    """Means over equal stretches of steps; when there are too many, each two become one."""

    points: list[tuple[int, float]] = field(default_factory=list)
    stretch: int = 1
    _sum: float = 0.0
    _count: int = 0

    @classmethod
    def of(cls, kept: Any) -> Self:
        """Go on with a curve as a row has it; a run without one begins anew."""
        if not isinstance(kept, dict) or not kept.get("points"):
            return cls()
        return cls([(int(step), float(loss)) for step, loss in kept["points"]], int(kept["stretch"]))

    def add(self, step: int, loss: float) -> None:
        self._sum, self._count = self._sum + loss, self._count + 1
        if self._count < self.stretch:
            return
        self.points.append((step, self._sum / self._count))
        self._sum, self._count = 0.0, 0
        if len(self.points) > MOST:
            self._halve()

    def to_dict(self) -> dict[str, Any]:
        return {"stretch": self.stretch, "points": [[step, round(loss, 5)] for step, loss in self.points]}

    def _halve(self) -> None:
        pairs = zip(self.points[::2], self.points[1::2], strict=False)
        self.points = [(later[0], (earlier[1] + later[1]) / 2) for earlier, later in pairs]
        self.stretch *= 2


def path(kept: Any, num_steps: int, *, width: float = 160.0, height: float = 40.0) -> str:
    """Give the `d` of an SVG line over all steps of the run, zero loss at the bottom."""
    points = Curve.of(kept).points
    if len(points) < 2:
        return ""
    top = max(loss for _, loss in points) or 1.0
    places = (
        f"{step / max(num_steps, step) * width:.1f} {height - loss / top * height:.1f}"
        for step, loss in points
    )
    return "M" + "L".join(places)
