"""Secrets and card numbers go for good before a message is stored; the rest stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.pipeline.mask import drop_secrets

KEY_LINES = f"MIIEpAIBAAK{'aB3d' * 9}\n" * 3
KEY_BEGINS, KEY_ENDS = "-----BEGIN{} PRIVATE KEY-----\n", "-----END{} PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "stored", "kinds"),
    [
        ("key sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc.", "key [secret removed].", "api-key"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "[secret removed]", "api-key"),
        ("use ghp_" + "16C7e42F" * 4 + "aB", "use [secret removed]", "api-key"),
        ("xoxb-" + "123456789012-abcdefGHIJKL", "[secret removed]", "api-key"),
        ("AIza" + "SyD-9tS" * 5, "[secret removed]", "api-key"),
        ("glpat-" + "ABCDEFGH12345678abcd", "[secret removed]", "api-key"),
        ("sk-ant-api03-" + "Ab3dEf6hIj9lMn2pQr5t", "[secret removed]", "api-key"),
        (
            "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihY",
            "[secret removed]",
            "api-key",
        ),
        ("dG9rO" + "jYxMjM0NTY3ODkwYWJjZGVm", "[secret removed]", "api-key"),
        ("npm_" + "a" * 36, "[secret removed]", "api-key"),
        (
            "https://hooks.slack.com/services/" + "T00000000/B00000000/XXXXXXXXXXXX",
            "https://[secret removed]",
            "api-key",
        ),
        (
            "Authorization: Bearer " + f"eyJ{'hbGciOiJI' * 2}.eyJ{'zdWIiOiIx' * 2}.dozjg",
            "Authorization: Bearer [secret removed]",
            "jwt",
        ),
        ("Bearer 8f14e45fceea167a5a36dedd4bea2543", "Bearer [secret removed]", "bearer-token"),
        (
            KEY_BEGINS.format(" RSA") + KEY_LINES + KEY_ENDS.format(" RSA") + "\nhelp",
            "[secret removed]\nhelp",
            "private-key",
        ),
        (
            KEY_BEGINS.format("") + KEY_LINES + "please help",
            "[secret removed]\nplease help",
            "private-key",
        ),
        ("my password is Summer2024! thanks", "my password is [secret removed] thanks", "password"),
        ("Password: hunter", "Password: [secret removed]", "password"),
        ("login bob, password: Tr0ub4dor&3", "login bob, password: [secret removed]", "password"),
        ("pwd=abc123", "pwd=[secret removed]", "password"),
        (
            "user bob, password Winter2023 please",
            "user bob, password [secret removed] please",
            "password",
        ),
        (
            "login: bob@example.org / Qwe4rty-9",
            "login: bob@example.org / [secret removed]",
            "password",
        ),
        ("Benutzer anna | Herbst77x", "Benutzer anna | [secret removed]", "password"),
        ("Das Passwort lautet Sommer24", "Das Passwort lautet [secret removed]", "password"),
        ("mot de passe : Azerty12", "mot de passe : [secret removed]", "password"),
        ("la contraseña es Verano24", "la contraseña es [secret removed]", "password"),
        ("senha: abc123", "senha: [secret removed]", "password"),
        ("PIN: 4821", "PIN: [secret removed]", "password"),
        ("password = '" + "s3cr3t'", "password = '[secret removed]'", "password"),
        ("Password (admin): x9!kk", "Password (admin): [secret removed]", "password"),
        ("API key: abcd1234efgh", "API key: [secret removed]", "password"),
        ("client_secret=9f8a7d6c5b4e", "client_secret=[secret removed]", "password"),
        (
            "our API key is 9f8a7d6c5b4e3f2a1b0c9d8e",
            "our API key is [secret removed]",
            "labelled-secret",
        ),
        (
            "Token: 550e8400-e29b-41d4-a716-446655440000",
            "Token: [secret removed]",
            "labelled-secret",
        ),
        (
            "secret access key wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
            "secret access key [secret removed]",
            "labelled-secret",
        ),
        (
            "postgres://bob:" + "s3cr3t@db.example/y",
            "postgres://bob:[secret removed]@db.example/y",
            "url-password",
        ),
        (
            "https://x.example/r?token=abcdef123456&p=1",
            "https://x.example/r?token=[secret removed]&p=1",
            "url-token",
        ),
        ("4111 1111 1111 1111", "[card number removed]", "card"),
        ("5555-5555-5555-4444", "[card number removed]", "card"),
        ("card 378282246310005!", "card [card number removed]!", "card"),
        ("6011111111111117", "[card number removed]", "card"),
        ("diners 30569309025904", "diners [card number removed]", "card"),
        ("Karte 5019717010103742", "Karte [card number removed]", "card"),
        ("2223003122003222", "[card number removed]", "card"),
        ("pay 99 4111 1111 1111 1111", "pay 99 [card number removed]", "card"),
        (
            "4111111111111111 exp 12/27 cvv 123",
            "[card number removed] exp [secret removed] cvv [secret removed]",
            "card card-code card-expiry",
        ),
        ("CVC: 4321", "CVC: [secret removed]", "card-code"),
    ],
)
def test_secret_is_dropped(text: str, stored: str, kinds: str) -> None:
    assert drop_secrets(text) == (stored, tuple(kinds.split()))


@pytest.mark.parametrize(
    "text",
    [
        "password: I forgot it",
        "Password: forgotten",
        "password reset: does not work",
        "the password field accepts 64 characters",
        "login page / settings page",
        "user 4711 / order 20231224",
        "my password is wrong",
        "the password is case-sensitive",
        "Passwort vergessen: was tun?",
        "la clave es que no funciona",
        "password: ********",
        "pass=true",
        "the pin is on the map",
        "unexpected token: punc ())",
        "invalid token: expected string",
        "token refresh fails since commit 9f8a7d6c5b4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a",
        "API key page: /settings/api-keys/v2/tokens-overview-page1",
        "request id 550e8400-e29b-41d4-a716-446655440000",
        "build 20240115T102233Z failed",
        "class RefreshTokenProviderFactory2Impl",
        "the authentication basic-authentication-flow fails",
        "order 4111111111111112",
        "timestamp 1700000000000",
        "IMEI 490154203237518",
        "tracking 00340434161094042557",
        "https://ci.example/task/4513724340895744",
        "it expires 12/27",
        "error code 123",
        "security: 4321 events",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "https://x.example/a?page=12345678&sort=name",
        "http://localhost:8080/@anna",
        "pass::SetBatchSize",
        "sk-learn-is-a-library-for-machine-learning",
        "[secret removed] and [card number removed]",
        "secret: [secret removed], card: [card number removed]",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert drop_secrets(text) == (text, ())


def test_secret_that_hides_the_label_of_another_is_dropped_too() -> None:
    stored, _ = drop_secrets("password: pin=4821 password: pin=4821")
    assert "4821" not in stored


PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "password: ",
                "pin=",
                "token ",
                "secret",
                "Bearer ",
                "cvv ",
                "exp ",
                "12/27",
                "123",
                "key",
            ),
            *(
                "4111 1111 1111 1111",
                "4111",
                "1111",
                "x1y2z3w4",
                "[secret removed]",
                "removed]",
                "[card",
            ),
            *(
                KEY_BEGINS.format(""),
                KEY_ENDS.format(""),
                "a1B2c3D4e5F6g7H8i9",
                "://",
                "@",
            ),
            *(
                "AKIA" + "IOSFODNN7EXAMPLE",
                "?token=",
                "eyJhbGciOiJI.eyJzdWIiOiIx.",
                "[card number removed]",
            ),
        ]
    ),
    st.text(st.characters(), max_size=5),
    st.sampled_from([" ", "\n", ": ", "=", "-", "is "]),
)


@given(st.lists(PIECES, max_size=16).map("".join))
def test_dropping_twice_is_dropping_once(text: str) -> None:
    stored, kinds = drop_secrets(text)
    assert drop_secrets(stored) == (stored, ())
    assert (stored == text) == (not kinds)
