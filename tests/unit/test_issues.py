"""Issues cut from the customer's own sentences. The conversations are our own, made up for these
tests; the public dialogues at the end are only measured, and skipped where they are absent.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.db.models import Direction
from earmark.pipeline.facets import detect_language
from earmark.pipeline.issues import (
    MAX_ISSUES,
    MAX_STATEMENT,
    CustomerText,
    ExtractedIssue,
    extract,
)
from earmark.prompts import default_examples


def write(*texts: str) -> list[CustomerText]:
    return [CustomerText(message_id=f"m{n}", text=text) for n, text in enumerate(texts, 1)]


def find(*texts: str) -> tuple[ExtractedIssue, ...]:
    return extract(write(*texts), detect_language("\n".join(texts)))


def state(*texts: str) -> list[str]:
    return [issue.statement for issue in find(*texts)]


def quote(issue: ExtractedIssue, *texts: str) -> list[str]:
    by_id = {message.message_id: message.text for message in write(*texts)}
    return [by_id[passage.message_id][passage.start : passage.end] for passage in issue.quotes]


# ---------------------------------------------------------------- the statement


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        (
            "Hi! Hope you're all well! I was wondering if there is a way to undo.\nThanks,\nSarah",
            "there is a way to undo.",
        ),
        (
            "Not sure if this is the right place to ask, but how do I change my seat?",
            "how do I change my seat?",
        ),
        ("Good morning Anna, the export is empty. Kind regards, Tom", "the export is empty."),
        ("Hey there! The app crashes on start, thanks", "The app crashes on start"),
        ("no sound from the left speaker", "no sound from the left speaker"),
        ("refund", "refund"),
        (
            "My code (ref <CODE_1>) is rejected at the checkout",
            "My code is rejected at the checkout",
        ),
        (
            "Guten Tag, seit gestern stürzt die App ab. Mit freundlichen Grüßen\nPetra Klein",
            "seit gestern stürzt die App ab.",
        ),
        (
            "Buenos días, no puedo entrar en mi cuenta. Un saludo, Marta",
            "no puedo entrar en mi cuenta.",
        ),
        (
            "Bonjour, le tableau de bord ne charge plus. Cordialement, Luc",
            "le tableau de bord ne charge plus.",
        ),
        ("Oi, tudo bem? O aplicativo fecha sozinho. Obrigado!", "O aplicativo fecha sozinho."),
    ],
)
def test_a_statement_is_free_of_greeting_hedging_and_farewell(text: str, statement: str) -> None:
    assert state(text) == [statement]


def test_the_statement_tells_the_trouble_and_not_the_circumstances() -> None:
    assert state(
        "Hello, we're a school and use your tool since May. I tried two browsers already. "
        "Since Monday the timetable doesn't load for any class. Could you please look into it?"
    ) == ["Since Monday the timetable doesn't load for any class."]


def test_the_error_text_joins_the_sentence_that_announces_it() -> None:
    (issue,) = find(
        'The export fails since Tuesday. It says:\n"Error 504: gateway timeout"\nI tried twice.'
    )
    assert issue.statement == 'The export fails since Tuesday. "Error 504: gateway timeout"'
    assert issue.direction is Direction.BROKEN


def test_a_sentence_that_points_back_is_joined_to_the_one_before() -> None:
    assert state("I opened the new editor on my tablet. It keeps crashing.") == [
        "I opened the new editor on my tablet. It keeps crashing."
    ]


def test_an_announcement_is_joined_to_what_it_announces() -> None:
    assert state("I have a question about my invoice. It shows 12 seats but we have 9.") == [
        "I have a question about my invoice. It shows 12 seats but we have 9."
    ]


def test_a_question_that_means_nothing_alone_is_not_the_statement() -> None:
    assert state("I would like to change the owner of the account. How do I do it?") == [
        "I would like to change the owner of the account."
    ]
    first, second = state(
        "The page says 12 per seat but my invoice shows 15. Which one is right? "
        "Also I can't open the report."
    )
    assert first.startswith("The page says 12 per seat")
    assert second == "I can't open the report."


def test_a_long_sentence_is_cut_at_a_clause_near_its_cue() -> None:
    text = (
        "Because our team in Lisbon and our team in Porto have been working together on the same "
        "large project for the whole of last spring and half of the summer without a pause, and "
        "because everyone there has become used to it, we were very surprised that the shared "
        "calendar crashes whenever somebody in the other office adds an appointment to it, which "
        "has never happened before as far as anybody here can remember."
    )
    (statement,) = state(text)
    assert len(statement) <= MAX_STATEMENT
    assert "crashes" in statement


def test_a_signature_belongs_to_no_issue() -> None:
    (issue,) = find(
        "The export is empty since Monday.\n\nThanks in advance,\nSarah Miller\n"
        "Head of Operations and Support, Brightside Ltd\nPhone: <PHONE_1>"
    )
    assert issue.embedding_text == issue.statement == "The export is empty since Monday."


# ---------------------------------------------------------------- chats of very short turns


def test_in_a_chat_the_turn_with_the_concern_is_chosen() -> None:
    chat = ("hi", "i want to know about my seat assignment", "raj sri", "fhg 145", "no thats all")
    (issue,) = find(*chat)
    assert issue.statement == "i want to know about my seat assignment"
    assert issue.embedding_text == "i want to know about my seat assignment"
    assert quote(issue, *chat) == ["i want to know about my seat assignment"]


@pytest.mark.parametrize(
    "chat",
    [
        ("hi", "my name is anu and my card number is 5589", "ok", "bye"),
        ("hello", "raj sri", "fhg 145", "<EMAIL_1>"),
        ("yes", "no", "ok thanks"),
    ],
)
def test_names_and_numbers_are_no_issue(chat: tuple[str, ...]) -> None:
    assert find(*chat) == ()


def test_without_any_cue_the_first_real_sentence_is_taken() -> None:
    assert state("hello", "cheeseburger and coke for three people", "5589", "no") == [
        "cheeseburger and coke for three people"
    ]


# ---------------------------------------------------------------- nothing to report


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "Hi, good morning!",
        "Thanks, that worked!",
        "ok thank you, bye",
        "Can you help me?",
        "<NAME_1>",
        "Besides the new layout, everything is fine.",
        "I am out of the office until Monday.",
        "Rank number one on search engines! We offer backlinks. Reply for our special offer.",
        "Hallo, guten Morgen!",
        "Muchas gracias",
        "Merci beaucoup, bonne journée",
        "Obrigada, tchau",
    ],
)
def test_courtesy_and_advertising_are_no_issue(text: str) -> None:
    assert find(text) == ()


# ---------------------------------------------------------------- several issues


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        (
            "The search is missing a filter. It is also slow. Another thing: I was charged twice.",
            ["The search is missing a filter.", "I was charged twice."],
        ),
        (
            "The calendar doesn't sync.\n\nUnrelated:\nplease add a dark theme.",
            ["The calendar doesn't sync.", "please add a dark theme."],
        ),
        (
            "I can't open the report. While I'm here, do you offer discounts for schools?",
            ["I can't open the report.", "do you offer discounts for schools?"],
        ),
        (
            "Three things:\n- The map is blank\n- Please add Polish\n- How do I export a chart?",
            ["The map is blank", "Please add Polish", "How do I export a chart?"],
        ),
        (
            "1) the app crashes on start 2) I was charged twice",
            ["the app crashes on start", "I was charged twice"],
        ),
        (
            "Die App stürzt beim Start ab. Außerdem wurde mir zweimal abgebucht.",
            ["Die App stürzt beim Start ab.", "wurde mir zweimal abgebucht."],
        ),
        (
            "No puedo entrar en mi cuenta. Por otro lado, quiero saber cómo bajo las facturas.",
            ["No puedo entrar en mi cuenta.", "quiero saber cómo bajo las facturas."],
        ),
        (
            "Le tableau ne charge plus. Par ailleurs, nous aimerions ajouter un utilisateur.",
            ["Le tableau ne charge plus.", "nous aimerions ajouter un utilisateur."],
        ),
        (
            "O aplicativo fecha sozinho. Além disso, fui cobrado duas vezes.",
            ["O aplicativo fecha sozinho.", "fui cobrado duas vezes."],
        ),
    ],
)
def test_an_announced_second_subject_is_an_issue_of_its_own(
    text: str, statements: list[str]
) -> None:
    assert state(text) == statements


@pytest.mark.parametrize(
    "text",
    [
        "The app crashes on start. Also it freezes my phone. It also happens on my tablet.",
        "The app crashes on start. I also tried to reinstall it.",
        "The app crashes on start. Also I use version 4.",
        "The app crashes on start. Besides, this is the third time.",
        "Steps to reproduce:\n1. Open the app\n2. Click export and wait\n3. The app shows an error",
        "The import fails in these cases:\n- the file is large\n- there is an umlaut in a name",
        "Die App stürzt ab. Das passiert auch auf dem Tablet.",
        "La app se cierra sola. También lo he probado en otro teléfono.",
    ],
)
def test_elaboration_is_no_second_issue(text: str) -> None:
    assert len(find(text)) == 1


def test_a_later_message_opens_an_issue_only_with_a_marker() -> None:
    assert len(find("The export fails.", "It says error 504.", "Any news?")) == 1
    assert state(
        "The export fails.", "ok thanks", "One more question, how long are files kept?"
    ) == [
        "The export fails.",
        "how long are files kept?",
    ]


def test_no_more_than_three_issues_are_kept_and_the_fourth_spoils_none() -> None:
    issues = find(
        "- The map is blank\n- Please add Polish\n- I was charged twice\n- The export fails"
    )
    assert len(issues) == MAX_ISSUES
    assert all("export" not in issue.embedding_text for issue in issues)


def test_each_issue_has_its_own_sentences_quotes_and_direction() -> None:
    text = (
        "The dashboard is stuck since Monday. Nobody in the office sees any figures. "
        "Also, please change the billing address on our account."
    )
    first, second = find(text)
    assert first.direction is Direction.BROKEN
    assert "Nobody in the office sees any figures." in first.embedding_text
    assert "billing" not in first.embedding_text
    assert second.direction is Direction.REQUEST
    assert quote(second, text) == ["please change the billing address on our account."]


# ---------------------------------------------------------------- other languages, any text


def test_a_language_without_phrases_gives_its_first_real_sentence() -> None:
    (issue,) = find("Non riesco ad accedere al mio account da ieri sera.", "Mi chiamo Paolo")
    assert issue.statement == "Non riesco ad accedere al mio account da ieri sera."
    assert issue.direction is Direction.CANNOT_TELL


def test_every_example_of_a_concern_has_an_issue() -> None:
    concerns = {"product_issue", "how_to_question", "feature_request", "configuration_help"}
    examples = [example for example in default_examples() if example.category_id in concerns]
    without = [example.text for example in examples if not find(example.text)]
    assert len(without) <= 0.01 * len(examples)


WORDS = (
    "hi", "Anna", ",", ".", "\n", "- ", "1) ", "2) ", "also", "the app", "crashes", "please add",
    "it", "<EMAIL_1>", "(<ID_1>)", "error 504", "?", "thanks", "regards", "i want", "unrelated:",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS)).map(" ".join)),
        max_size=5,
    )
)
def test_what_is_said_of_any_text_can_be_proved(texts: list[str]) -> None:
    messages = write(*texts)
    for language in ("en", "fr", "it", None):
        issues = extract(messages, language)
        assert issues == extract(messages, language)
        assert len(issues) <= MAX_ISSUES
        for issue in issues:
            assert 0 < len(issue.statement) <= MAX_STATEMENT
            assert issue.embedding_text
            assert 1 <= len(issue.quotes) <= 3
            assert all(text.strip() for text in quote(issue, *texts))


def test_a_huge_conversation_is_read_in_part() -> None:
    text = "The export fails again and again. " * 4_000
    (issue,) = find(*[text] * 3)
    assert issue.statement == "The export fails again and again."
    assert len(issue.embedding_text) <= 2_000


# ---------------------------------------------------------------- measured on public dialogues

DIALOGUES = Path(__file__).parents[3] / "shared/data/dialogues/multidogo_train_dev.jsonl.gz"
EMPTY_INTENTS = {
    "openinggreeting",
    "closinggreeting",
    "thankyou",
    "confirmation",
    "rejection",
    "contentonly",
    "outofdomain",
}


@pytest.mark.skipif(not DIALOGUES.exists(), reason="the public dialogues are not on this machine")
def test_most_statements_come_from_a_turn_with_an_intent() -> None:
    counts = Counter[str]()
    with gzip.open(DIALOGUES, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % 20:
                continue
            turns = json.loads(line)["turns"]
            intents = [set[str](turn.get("intents") or ()) - EMPTY_INTENTS for turn in turns]
            if not any(intents):
                continue
            issues = find(*(turn["text"] for turn in turns))
            counts["all"] += 1
            counts["right"] += bool(
                issues and intents[int(issues[0].quotes[0].message_id.removeprefix("m")) - 1]
            )
    assert counts["right"] >= 0.88 * counts["all"], counts
