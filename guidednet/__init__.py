"""GuidedNet companion: semi-supervised multi-organ segmentation of abdominal CT (ACM MM 2024)."""

__version__ = "0.1.0"
