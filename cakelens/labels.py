"""The 17 labels of v5, in the order of the model's outputs."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

Kind = Literal["ai_gen", "style", "generator"]


class Label(StrEnum):
    """One class of the taxonomy.

    A member's position is the model's output, so members are only ever appended.
    """

    AI_GEN = "AI_GEN"
    ANIME_2D = "ANIME_2D"
    ANIME_3D = "ANIME_3D"
    VIDEO_GAME = "VIDEO_GAME"
    KLING = "KLING"
    HIGGSFIELD = "HIGGSFIELD"
    WAN = "WAN"
    MIDJOURNEY = "MIDJOURNEY"
    HAILUO = "HAILUO"
    RAY = "RAY"
    VEO = "VEO"
    RUNWAY = "RUNWAY"
    SORA = "SORA"
    CHATGPT = "CHATGPT"
    PIKA = "PIKA"
    HUNYUAN = "HUNYUAN"
    VIDU = "VIDU"

    @property
    def definition(self) -> str:
        """A sentence that tells a labeler when the label is on."""
        return _DEFINITIONS[self]

    @property
    def kind(self) -> Kind:
        if self is Label.AI_GEN:
            return "ai_gen"
        return "style" if self in STYLES else "generator"


_DEFINITIONS = {
    Label.AI_GEN: "At least part of the moving picture was generated, not filmed, drawn or rendered.",
    Label.ANIME_2D: "Drawn animation: flat shading and line art, whoever or whatever drew it.",
    Label.ANIME_3D: "Computer-animated characters or scenes in a stylised, not photographic, look.",
    Label.VIDEO_GAME: "Footage rendered by a game engine: gameplay, a cutscene, a screen recording.",
    Label.KLING: "Made with Kling, the video generator of Kuaishou.",
    Label.HIGGSFIELD: "Made with Higgsfield, known for its camera-move and effect presets.",
    Label.WAN: "Made with Wan, the open video models of Alibaba.",
    Label.MIDJOURNEY: "Made with Midjourney's video model, often from one of its stills.",
    Label.HAILUO: "Made with Hailuo, the video generator of MiniMax.",
    Label.RAY: "Made with Ray or Dream Machine, the video generators of Luma.",
    Label.VEO: "Made with Veo, the video generator of Google, also inside Flow and Gemini.",
    Label.RUNWAY: "Made with Runway, Gen-2 and later, Act-One and Aleph included.",
    Label.SORA: "Made with Sora, the video generator of OpenAI.",
    Label.CHATGPT: "Made from pictures that ChatGPT drew, or with a video made inside ChatGPT.",
    Label.PIKA: "Made with Pika, known for its short effect clips.",
    Label.HUNYUAN: "Made with HunyuanVideo, the open video models of Tencent.",
    Label.VIDU: "Made with Vidu, the video generator of Shengshu.",
}

V5_LABELS: tuple[Label, ...] = tuple(Label)[:17]
STYLES: tuple[Label, ...] = (Label.ANIME_2D, Label.ANIME_3D, Label.VIDEO_GAME)
GENERATORS: tuple[Label, ...] = tuple(label for label in V5_LABELS if label.kind == "generator")


def check_label_order(labels: Sequence[str]) -> None:
    """Pass if `labels` is the order of our outputs.

    Raises:
        ValueError: The order differs; probabilities would stand under the wrong names.
    """
    for position, (theirs, ours) in enumerate(zip(labels, V5_LABELS, strict=False)):
        if theirs != ours:
            raise ValueError(f"label {position} is {str(theirs)!r}, expected {ours.value!r}")
    if len(labels) != len(V5_LABELS):
        raise ValueError(f"has {len(labels)} labels, expected {len(V5_LABELS)}")
