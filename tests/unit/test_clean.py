"""The author's own words are kept, what mail programs and lawyers add is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.pipeline.clean import Span, own_words, text_of
from tests.fixtures.growth import assert_linear

CASES = {
    "reply above an English attribution": (
        (
            "It still fails.\n\nOn Mon, 3 Nov 2025 at 10:02, Support <s@x.io> wrote:\n> Hi\n> "
            "try again"
        ),
        "It still fails.",
    ),
    "attribution without marked lines": (
        (
            "It still fails.\n\nOn 3 Nov 2025, Support <s@x.io> wrote:\n\nHi Anna,\nplease try "
            "again."
        ),
        "It still fails.",
    ),
    "attribution wrapped over lines": (
        (
            "Yes please.\n\nOn Monday, November 3, 2025 at 10:02 AM Support Team\n"
            "<support@x.io>\nwrote:\n\n> Ok?"
        ),
        "Yes please.",
    ),
    "German attribution": (
        "Geht immer noch nicht.\n\nAm 03.11.2025 um 10:02 schrieb Support <s@x.io>:\n> Hallo",
        "Geht immer noch nicht.",
    ),
    "German attribution, name first": (
        "Nein.\n\nSupport <s@x.io> schrieb am Mo., 3. Nov. 2025, 10:02:\n\nHallo Anna",
        "Nein.",
    ),
    "French attribution": (
        (
            "Toujours en panne.\n\nLe lun. 3 nov. 2025 à 10:02, Support <s@x.io> a écrit\u00a0"
            ":\n> Bonjour"
        ),
        "Toujours en panne.",
    ),
    "Spanish attribution": (
        "Sigue fallando.\n\nEl lun, 3 nov 2025 a las 10:02, Soporte (<s@x.io>) escribió:\n> Hola",
        "Sigue fallando.",
    ),
    "Portuguese attribution": (
        (
            "Continua com erro.\n\nEm seg., 3 de nov. de 2025 às 10:02, Suporte <s@x.io> "
            "escreveu:\n> Olá"
        ),
        "Continua com erro.",
    ),
    "answers between quoted lines": (
        "> Which browser?\nFirefox 121\n> Which plan?\nTeam plan",
        "Firefox 121\n\nTeam plan",
    ),
    "answer below the quotation": (
        "On Mon, 3 Nov 2025, Support <s@x.io> wrote:\n> Which browser?\n\nFirefox on Windows.",
        "Firefox on Windows.",
    ),
    "Outlook header in English": (
        (
            "Same here.\n\n________________________________\nFrom: Support <s@x.io>\nSent: "
            "Monday, November 3, 2025 10:02\nTo: Anna\nSubject: RE: Export\n\nHi Anna"
        ),
        "Same here.",
    ),
    "Outlook header in bold": (
        "Same here.\n\n*From:* Support\n*Date:* Monday\n*To:* Anna\n*Subject:* Export\nHi",
        "Same here.",
    ),
    "Outlook header in German": (
        (
            "Danke, klappt nicht.\nVon: Support\nGesendet: Montag\nAn: Anna\nBetreff: AW: "
            "Export\nHallo"
        ),
        "Danke, klappt nicht.",
    ),
    "Outlook header in French": (
        "Pas mieux.\nDe : Support\nEnvoyé : lundi 3 novembre\nÀ : Anna\nObjet : Export\nBonjour",
        "Pas mieux.",
    ),
    "Outlook header in Spanish": (
        "Igual.\nDe: Soporte\nEnviado el: lunes\nPara: Ana\nAsunto: Exportación\nHola",
        "Igual.",
    ),
    "Outlook header in Portuguese": (
        "Igual.\nDe: Suporte\nEnviada em: segunda\nPara: Ana\nAssunto: Exportação\nOlá",
        "Igual.",
    ),
    "original message": (
        "See below.\n\n-----Original Message-----\nHi Anna",
        "See below.",
    ),
    "German original message": (
        "Siehe unten.\n-------- Ursprüngliche Nachricht --------\nHallo",
        "Siehe unten.",
    ),
    "forwarded message": (
        "Can you look?\n---------- Forwarded message ---------\nFrom: Bob\nIt is broken",
        "Can you look?",
    ),
    "Apple forward": (
        "Can you look?\n\nBegin forwarded message:\n\nIt is broken",
        "Can you look?",
    ),
    "reply above this line": (
        "Works now.\n##- Please type your reply above this line -##\nHi",
        "Works now.",
    ),
    "signature separator": (
        "It fails.\n-- \nAnna Schmidt\nHead of Operations",
        "It fails.",
    ),
    "closing and name block": (
        (
            "The export fails.\n\nBest regards,\nAnna Schmidt\nHead of Operations\nAcme GmbH\n"
            "+49 30 901820"
        ),
        "The export fails.",
    ),
    "closing with a name on its line": (
        "The export fails.\nKind regards, Anna",
        "The export fails.",
    ),
    "thanks and a name": (
        "The export fails, please help.\n\nThanks!\nAnna",
        "The export fails, please help.",
    ),
    "thanks and regards": (
        "Export fails.\n\nThanks and best regards\nTom",
        "Export fails.",
    ),
    "German closing": (
        (
            "Der Export bricht ab.\n\nVielen Dank im Voraus\nMit freundlichen Grüßen\nJörg "
            "Weiß\nEinkauf"
        ),
        "Der Export bricht ab.",
    ),
    "German short closing": (
        "Der Export bricht ab.\n\nVG Jörg",
        "Der Export bricht ab.",
    ),
    "French closing": (
        "L'export échoue.\n\nBien cordialement,\nHélène Dubois",
        "L'export échoue.",
    ),
    "Spanish closing": (
        "La exportación falla.\n\nUn saludo,\nJosé",
        "La exportación falla.",
    ),
    "Portuguese closing": (
        "A exportação falha.\n\nAtenciosamente,\nJoão Silva",
        "A exportação falha.",
    ),
    "afterthought below the signature": (
        "The export fails.\n\nBest,\nAnna\n\nPS: the import fails too",
        "The export fails.\n\nPS: the import fails too",
    ),
    "sentence below the signature": (
        (
            "The export fails.\n\nBest,\nAnna\n\nI forgot to say that the import fails since "
            "Monday too."
        ),
        "The export fails.\n\nI forgot to say that the import fails since Monday too.",
    ),
    "contact block without closing": (
        "The export fails.\n\nAnna Schmidt\nHead of Operations\nTel. +49 30 901820",
        "The export fails.",
    ),
    "phone line": (
        "The export fails.\n\nSent from my iPhone",
        "The export fails.",
    ),
    "German phone line": (
        "Geht nicht.\n\nVon meinem iPhone gesendet",
        "Geht nicht.",
    ),
    "French phone line": (
        "Ça plante.\nEnvoyé de mon iPhone",
        "Ça plante.",
    ),
    "Spanish phone line": (
        "Falla.\nEnviado desde mi iPhone",
        "Falla.",
    ),
    "Portuguese phone line": (
        "Falha.\nEnviado do meu iPhone",
        "Falha.",
    ),
    "Outlook advertisement": (
        "It fails.\n\nGet Outlook for iOS (https://aka.ms/o0ukef)",
        "It fails.",
    ),
    "phone line and history": (
        "No.\n\nSent from my Samsung Galaxy smartphone.\n\n> Ok?",
        "No.",
    ),
    "English disclaimer": (
        (
            "The export fails.\n\nThis e-mail and any attachments are confidential and "
            "intended solely for the addressee.\nIf you are not the intended recipient, please "
            "notify the sender."
        ),
        "The export fails.",
    ),
    "German disclaimer": (
        (
            "Der Export geht nicht.\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn "
            "Sie nicht der richtige Adressat sind, informieren Sie bitte sofort den Absender."
        ),
        "Der Export geht nicht.",
    ),
    "company register lines": (
        (
            "Der Export geht nicht.\n\nMuster GmbH, Geschäftsführer: A. B., Amtsgericht Berlin "
            "HRB 12345"
        ),
        "Der Export geht nicht.",
    ),
    "French disclaimer": (
        (
            "Ça plante.\n\nCe message et ses pièces jointes sont confidentiels et destinés au "
            "seul usage de ses destinataires."
        ),
        "Ça plante.",
    ),
    "warning about outside mail": (
        "CAUTION: This email originated from outside of the organization.\n\nThe export fails.",
        "The export fails.",
    ),
    "words on printing": (
        "It fails.\n\nPlease consider the environment before printing this e-mail",
        "It fails.",
    ),
}

KEPT = {
    "list with hyphens": "These fail:\n- export\n- import\n- sync",
    "thanks that say more": "Thanks, it works now",
    "thanks alone at the end": "It works now.\nThanks!",
    "thanks as the only words": "Thanks!\nAnna",
    "on something someone wrote": "On the phone my boss wrote:\nplease cancel",
    "two dates": "Please export\nFrom: 1 May\nTo: 3 May\nit stops at 80 percent",
    "Python prompt": "I ran this:\n>>> import client\n>>> client.sync()\nTypeError",
    "a word about confidential mail": "Is the content of my tickets confidential?",
    "link at the end": "It fails here\n\nLink\nhttps://app.example.com/exports/12",
    "best as a word": "What would be\nBest Practice\nfor this",
    "dashes in the middle": (
        "part one\n--\n" + "\n".join(f"line {n} of the log file" for n in range(30))
    ),
    "rule between two parts": (
        "The player hangs when I resize the window.\n---\n"
        "React version: 17.0.2, latest at the time of writing.\nIs there a way around it?"
    ),
    "sent from as a sentence": "The bill was\nsent from your billing system to the wrong address",
    "only a quotation": "> It fails\n> again",
    "only a forwarded message": "---------- Forwarded message ---------\nFrom: Bob\nIt is broken",
    "only a signature": "Best regards,\nAnna Schmidt",
    "greeting and question": "Hi team,\n\nhow do I export?",
    "colon lines": "Steps to reproduce:\nOpen the export page\nResult: it hangs",
    "a question after a name": "Regards to the team!\n\nCould you also check the import, please?",
}


@pytest.mark.parametrize("name", CASES)
def test_only_own_words_are_kept(name: str) -> None:
    body, expected = CASES[name]
    assert text_of(body, own_words(body)) == expected


@pytest.mark.parametrize("name", KEPT)
def test_own_words_that_look_like_something_else_are_kept(name: str) -> None:
    assert text_of(KEPT[name], own_words(KEPT[name])) == KEPT[name]


def test_spans_point_into_the_body_as_it_is() -> None:
    body = "  \n\tFirst.  \r\n\n> quoted\n\n  Second.\n"
    spans = own_words(body)
    assert [body[span.start : span.end] for span in spans] == ["First.", "Second."]


@pytest.mark.parametrize("body", ["", " \n\t\n"])
def test_blank_body_has_no_words(body: str) -> None:
    assert own_words(body) == ()


def test_body_without_letters_is_kept_whole() -> None:
    assert own_words("  👍 ") == (Span(start=2, end=3),)


LINES = st.one_of(
    st.sampled_from(
        [line for body, _ in CASES.values() for line in body.split("\n")]
        + [line for body in KEPT.values() for line in body.split("\n")[:5]]
    ),
    st.text(st.characters(), max_size=40),
)


@given(st.lists(LINES, max_size=25).map("\n".join))
def test_spans_are_in_order_in_range_and_never_empty(body: str) -> None:
    spans = own_words(body)
    assert bool(spans) == bool(body.strip())
    ends = 0
    for span in spans:
        assert ends <= span.start < span.end <= len(body)
        assert body[span.start : span.end].strip() == body[span.start : span.end]
        ends = span.end
    if any(map(str.isalnum, body)):
        assert any(map(str.isalnum, text_of(body, spans)))


@given(st.lists(LINES, max_size=25).map("\n".join))
def test_cleaning_what_is_clean_finds_words_again(body: str) -> None:
    once = text_of(body, own_words(body))
    assert bool(text_of(once, own_words(once))) == bool(once)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "word ",
            "On ",
            "On 1 wrote x:\n",
            "On 1\n",
            "\n",
            ">",
            "> x\n",
            "--\n",
            "From: x\n",
            "- a\n",
        ),
        *(
            "Best regards\n",
            "Thanks, ",
            "confidential ",
            "this message ",
            "sent from ",
            "a: ",
            " \n",
        ),
        *(
            "_",
            "_\n",
            "Am schrieb ",
            "Sent from my iPhone\n",
            "A B\n",
            "intended for the ",
            "\r",
            "é:\n",
        ),
        *("The export fails since Monday, and we have tried it twice.\n\n",),
    ],
)
def test_long_monotonous_texts_are_cleaned_in_linear_time(unit: str) -> None:
    assert_linear(own_words, lambda size: unit * (size // len(unit)), largest=400_000)
