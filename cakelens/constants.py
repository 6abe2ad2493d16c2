"""The published package's constants, under its names."""

from cakelens.config import V5_MEAN, V5_STD
from cakelens.framesets import FRAMES

BATCH_SLUG = "v5.0"
FRAMESET_COUNT = FRAMES
WINDOW_WIDTH = 512
WINDOW_HEIGHT = 512
NORMALIZATION_MEAN = list(V5_MEAN)
NORMALIZATION_STD = list(V5_STD)
HUGGINGFACE_HUB_REPO_ID = "fangpenlin/cakelens-v5"
HUGGINGFACE_HUB_REPO_FILENAME = "cakelens-model-5.0.pth"
