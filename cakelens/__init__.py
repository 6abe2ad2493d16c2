"""CakeLens: detect AI-generated video.

Importing the package loads no torch: the torch-free parts (`labels`, `framesets`, `config`) are used
by processes where torch is not installed. The detector itself is `cakelens.detect.Detector`.
"""

__version__ = "0.1.0"
