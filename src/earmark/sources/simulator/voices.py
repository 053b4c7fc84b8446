"""How a customer writes: the same clause sounds different from different people."""

from enum import StrEnum

from earmark.sources.simulator.grammar import Voices
from earmark.sources.simulator.hashing import Draw

FIRST_MARK = 0xE000
"""Values that must stay verbatim are private-use characters until the message is finished."""
LAST_MARK = 0xF8FF


class Voice(StrEnum):
    """A register."""

    PLAIN = "plain"
    TERSE = "terse"
    POLITE = "polite"
    RAMBLING = "rambling"
    ANGRY = "angry"
    NONNATIVE = "nonnative"
    SLOPPY = "sloppy"


def bend(text: str, voice: Voice, draw: Draw, voices: Voices, *, english: bool) -> str:
    """One clause as this voice writes it."""
    if voice is Voice.SLOPPY or (voice is Voice.TERSE and draw.chance(0.25)):
        return write_sloppily(text, draw, voices, english=english)
    if voice is Voice.NONNATIVE and english:
        return write_as_foreigner(text, draw, voices)
    if voice is Voice.ANGRY and draw.chance(0.35):
        return raise_voice(text, draw, voices)
    if voice in (Voice.PLAIN, Voice.RAMBLING) and draw.chance(0.06):
        return mistype(text, draw)
    return text


def write_sloppily(text: str, draw: Draw, voices: Voices, *, english: bool) -> str:
    """Small letters, missing apostrophes and full stops, shortcuts, typing errors."""
    if draw.chance(0.75):
        text = text.lower()
    if english:
        if draw.chance(0.6):
            text = text.replace("'", "")
        for plain, short in voices.shortcuts:
            if plain in text and draw.chance(0.3):
                text = text.replace(plain, short)
    if text.endswith(".") and draw.chance(0.8):
        text = text[:-1]
    for _ in range(draw.below(3)):
        text = mistype(text, draw)
    return text


def write_as_foreigner(text: str, draw: Draw, voices: Voices) -> str:
    """English with the mistakes of people who learnt it later."""
    for plain, wrong in voices.nonnative:
        if plain in text and draw.chance(0.4):
            text = text.replace(plain, wrong, 1)
    return text


def raise_voice(text: str, draw: Draw, voices: Voices) -> str:
    """Capitals on what matters, and exclamation marks."""
    words = text.split(" ")
    for at, word in enumerate(words):
        if word.lower() in voices.emphasis and draw.chance(0.7):
            words[at] = word.upper()
    text = " ".join(words)
    if text.endswith(".") and draw.chance(0.6):
        text = text[:-1] + draw.pick(("!", "!!", "!!!"))
    return text


def mistype(text: str, draw: Draw) -> str:
    """One slip of the fingers in a longer word."""
    words = text.split(" ")
    at = draw.below(len(words))
    word = words[at]
    if len(word) < 5 or not word.isalpha() or not word.isascii():
        return text
    spot = draw.between(1, len(word) - 3)
    slip = draw.below(4)
    if slip == 0:
        word = word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :]
    elif slip == 1:
        word = word[:spot] + word[spot + 1 :]
    elif slip == 2:
        word = word[:spot] + word[spot] + word[spot:]
    else:
        word = word[:spot] + draw.pick("aeiost") + word[spot + 1 :]
    words[at] = word
    return " ".join(words)


def is_mark(sign: str) -> bool:
    """Whether this character stands for a value."""
    return FIRST_MARK <= ord(sign) <= LAST_MARK
