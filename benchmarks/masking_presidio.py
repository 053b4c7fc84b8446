"""Presidio without a model: its patterns, check digits and context words, on a blank spaCy."""

import logging
from importlib import import_module
from typing import Any, Final, Protocol

from benchmarks.masking_cases import Case, Marked
from earmark.pipeline.mask import KnownValues

LANGUAGES: Final = ("en", "de", "fr", "es", "pt")
_THRESHOLD: Final = 0.35
"""Below it, any nine digits are a bank account; Presidio's own context words lift a find above."""
_RESERVED, _REAL = ".example", ".company"
"""It takes no address for one whose last part belongs to nobody; ours here are such. As long."""
_NOT_PERSONAL: Final = frozenset({"URL", "DATE_TIME"})


# Only the benchmark's own environment has it, so its types are written down here.
_presidio: Any = import_module("presidio_analyzer")


class _Found(Protocol):
    start: int
    end: int
    entity_type: str


class _Analyzer(Protocol):
    def analyze(
        self,
        text: str,
        language: str,
        *,
        score_threshold: float,
        ad_hoc_recognizers: list[object],
    ) -> list[_Found]: ...


def _blank_spacy() -> Any:  # noqa: ANN401 - as above
    """Tokens, no named entities: what is left of spaCy without a download."""
    spacy: Any = import_module("spacy")
    engine: Any = import_module("presidio_analyzer.nlp_engine").SpacyNlpEngine()
    engine.nlp = {language: spacy.blank(language) for language in LANGUAGES}
    return engine


class Presidio:
    """All recognisers that it turns on by default and that need no model."""

    def __init__(self) -> None:
        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
        tldextract: Any = import_module("tldextract")
        tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()  # its own copy, no network
        engine = _blank_spacy()
        registry = _presidio.RecognizerRegistry(supported_languages=list(LANGUAGES))
        registry.load_predefined_recognizers(languages=list(LANGUAGES), nlp_engine=engine)
        self._analyzer: _Analyzer = _presidio.AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=list(LANGUAGES)
        )

    def find(self, case: Case) -> list[Marked]:
        """What it finds, with the values of the records as deny lists."""
        language = case.language if case.language in LANGUAGES else "en"
        results = self._analyzer.analyze(
            case.text.replace(_RESERVED, _REAL),
            language,
            score_threshold=_THRESHOLD,
            ad_hoc_recognizers=_deny_lists(case.known, language),
        )
        return [
            Marked(result.start, result.end, result.entity_type)
            for result in results
            if result.entity_type not in _NOT_PERSONAL
        ]


def _deny_lists(known: KnownValues, language: str) -> list[object]:
    lists = {
        "NAME": (*known.names, *(word for name in known.names for word in name.split())),
        "COMPANY": known.companies,
        "ADDRESS": known.addresses,
        "EMAIL": [email.replace(_RESERVED, _REAL) for email in known.emails],
        "PHONE": known.phones,
    }
    return [
        _presidio.PatternRecognizer(
            f"KNOWN_{kind}", supported_language=language, deny_list=list(values)
        )
        for kind, values in lists.items()
        if values
    ]
