"""Words for the data set: names of people, products and work that read like those of a real company."""

from __future__ import annotations

from random import Random

from assetmeta.sandbox.data import vocabulary

words = vocabulary(__package__)


def story_name(random: Random) -> str:
    """A title of a backlog item; one in twelve has awkward characters."""
    if random.random() < 1 / 12:
        return str(random.choice(words.standout))
    return f"{random.choice(words.verbs)} {random.choice(words.objects)} {random.choice(words.purposes)}"


def defect_name(random: Random) -> str:
    """A title of a defect."""
    return f"{random.choice(words.places)} {random.choice(words.symptoms)} {random.choice(words.purposes)}"


def paragraph(random: Random, sentences: int = 2) -> str:
    """Rich text of a few remarks, escaped as HTML."""
    text = " ".join(random.choice(words.remarks) for _ in range(sentences))
    return f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>"
