"""The words of the generated data, among them names that careless clients stumble over."""

from __future__ import annotations

from typing import Any

PROJECTS = (
    ("harbour-vision", "Ships and containers on pictures of harbour cameras"),
    ("engine-noise", "Wear of engines by their sound"),
    ("ice-route", "Routes through sea ice by satellite pictures"),
    ('Quay "B" & Söhne', "A name with quotes, an ampersand and an umlaut"),
    ("arrival-times", "When ships will arrive"),
    ("海图-charts", "Symbols on paper charts"),
)

TAGS = ("baseline", "nightly", "paper", "gpu", "to be reviewed", "größer", "a/b")
BRANCHES = ("main", "main", "main", "experiment/augment", "fix-loader")
MESSAGES = ("Tune the loader", "Fix off-by-one in windows", 'Rename "loss"', "Add early stopping", "Größere Fenster")
IMAGES = ("python:3.11", "tensorflow/tensorflow:2.15.0-gpu", "ghcr.io/harbour-lab/train:0.4")
MODELS = ("ship-detector", "wear-estimator", "route-planner", "Ankunft: früh/spät", "chart-reader")
TITLES = ("", "", "", "Night run", 'Try "wide" windows', "Größer, 2. Versuch", "<b>bold</b>")

FILES = (
    "model.pkl",
    "metrics.json",
    "plots/loss.png",
    "plots/epoch 1/confusion matrix.png",
    "predictions/2025/01/part-000.csv",
    'the "best" model\'s weights.h5',
    "数据/测量.csv",
    "../../escape.txt",
    "/etc/absolute.txt",
    "100%.txt",
    "a&b=c?d#e.txt",
    "ship-🚢.txt",
    "con.txt",
    ".hidden",
)
"""Names of outputs; only the first three are likely."""

ALIASES = ("production", "latest best", "team/blue", "käyttö")


def step(name: str, command: str, parameters: tuple[tuple[str, str, Any], ...], inputs: tuple[str, ...]) -> Any:
    """A step of valohai.yaml."""
    return {
        "step": {
            "name": name,
            "image": IMAGES[0],
            "command": command,
            "parameters": [{"name": key, "type": type, "default": value} for key, type, value in parameters],
            "inputs": [{"name": key} for key in inputs],
        }
    }


CONFIG = [
    step("preprocess", "python preprocess.py {parameters}", (("validation_split", "float", 0.2),), ("raw",)),
    step(
        "train",
        "python train.py {parameters}",
        (("epochs", "integer", 5), ("learning_rate", "float", 0.001), ("optimizer", "string", "adam")),
        ("dataset",),
    ),
    step("evaluate", "python evaluate.py", (), ("model", "dataset")),
    {
        "pipeline": {
            "name": "train-and-evaluate",
            "nodes": [
                {"name": "preprocess", "type": "execution", "step": "preprocess"},
                {"name": "train", "type": "execution", "step": "train"},
                {"name": "evaluate", "type": "execution", "step": "evaluate"},
            ],
            "edges": [["preprocess.output.*", "train.input.dataset"], ["train.output.model*", "evaluate.input.model"]],
        }
    },
    {"endpoint": {"name": "predict", "image": IMAGES[0], "server-command": "python serve.py"}},
]
"""The parsed valohai.yaml of every commit."""
