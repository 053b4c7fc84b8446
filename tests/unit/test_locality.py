"""With `EARMARK_LOCAL_ONLY` nothing that could be another machine passes for this one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import ConfigurationError
from earmark.llm.locality import is_local, require_local


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://localhost:11434/v1",
        "HTTPS://LOCALHOST/v1",
        "http://127.0.0.1:8080/v1/",
        "http://127.3.2.1/",
        "http://[::1]:8000/v1",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://127.0.0.1/v1?a=b@c",
    ],
)
def test_address_of_this_machine_is_local(url: str) -> None:
    assert is_local(url)
    require_local("The model", url, local_only=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "localhost:11434",
        "http:localhost",
        "http://",
        "http:///v1",
        "https://api.openai.com/v1",
        "http://localhost.evil.com",
        "http://evil.com/localhost",
        "http://127.0.0.1.nip.io/",
        "http://127.0.0.1@evil.com/",
        "http://localhost:80@evil.com/",
        "http://evil.com@127.0.0.1/",
        "http://evil.com#@127.0.0.1/",
        "http://evil.com?@127.0.0.1/",
        "http://evil.com\\@127.0.0.1/",
        "http://127.0.0.1\\@evil.com/",
        "http://127.0.0.1 .evil.com/",
        " http://127.0.0.1/",
        "http://127.0.0.1/\n",
        "http://127.0.0.1\t.evil.com/",
        "http://local\nhost/",
        "http://localhost\x00.evil.com/",
        "http://ⓛocalhost/",
        "http://127。0。0。1/",
        "http://localhost%2eevil.com/",
        "http://%6cocalhost/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0127.0.0.1/",
        "http://128.0.0.1/",
        "http://0.0.0.0/",
        "http://0/",
        "http://[::]/",
        "http://[::1%25eth0]/",
        "http://[fe80::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1].evil.com/",
        "http://[::1",
        "http://[::1]x/",
        "http://192.168.0.5:11434/",
        "http://host.docker.internal:11434/",
        "http://my.localhost/",
        "http://localhost./",
        "http://localhost:99999/",
        "http://localhost:port/",
        "ftp://localhost/",
        "file:///localhost",
        "unix:///var/run/model.sock",
        "//localhost/v1",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not is_local(url)
    require_local("The model", url, local_only=False)
    with pytest.raises(ConfigurationError):
        require_local("The model", url, local_only=True)


def test_provider_at_its_own_address_is_refused() -> None:
    require_local("The language model", None, local_only=False)
    with pytest.raises(ConfigurationError) as raised:
        require_local("The language model", None, local_only=True)
    assert raised.value.what == "The language model is not on this machine."
    assert "EARMARK_LOCAL_ONLY" in raised.value.why
    assert raised.value.fix


def test_refusal_names_the_host_that_would_be_asked_and_no_password() -> None:
    with pytest.raises(ConfigurationError) as raised:
        require_local("The encoder", f"http://me:{'hush'}@evil.example/v1?key=x1", local_only=True)
    assert "evil.example" in str(raised.value)
    assert "hush" not in str(raised.value)
    assert "x1" not in str(raised.value)


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "glm-4.6:cloud", "kimi-k2:1T-Cloud"])
def test_model_that_the_server_here_passes_on_is_refused(model: str) -> None:
    url = "http://localhost:11434/v1"
    require_local("The language model", url, local_only=False, model=model)
    require_local("The language model", url, local_only=True, model="cloudy:7b")
    with pytest.raises(ConfigurationError):
        require_local("The language model", url, local_only=True, model=model)


@given(st.text(st.characters(codec="utf-8"), max_size=12), st.sampled_from(["@", ".", "%", "\\"]))
def test_nothing_between_a_local_name_and_another_host_makes_that_local(
    middle: str, joint: str
) -> None:
    if not set(middle) & set("/?#"):
        assert not is_local(f"http://127.0.0.1{middle}{joint}evil.example/")


@given(st.text(max_size=30))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(is_local(text), bool)
    assert isinstance(is_local(f"http://{text}"), bool)
