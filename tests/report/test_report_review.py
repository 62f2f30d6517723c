"""The reviewer's server: who is answered, what is served, and what is written."""

import json
import os
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest

from scarscope.batch import Entry
from scarscope.batch.review import read_review, study_id
from scarscope.batch.store import Key, Store
from scarscope.batch.task import Outcome
from scarscope.batch.write import png16, write_bytes
from scarscope.errors import DependencyError, ParamsError, ReviewError, StoreError
from scarscope.report import review_server
from scarscope.report.review_server import MOST_BYTES, TOKEN_HEADER, make_app, serve
from scarscope.report.review_site import open_site
from scarscope.scars.edits import cells_of

PORT, TOKEN = 8123, "t0ken-of-this-run"
ORIGIN = f"http://127.0.0.1:{PORT}"
PATH, HASH = "P01/s0/left.jpg", "ab" * 32
REJECT = {
    "path": PATH,
    "sha256": HASH,
    "action": "reject",
    "scar_id": 7,
    "reason": "a naevus",
    "by": "AB",
    "at": "2026-03-01T14:30:00Z",
}


@pytest.fixture
def out(tmp_path):
    """A finished batch of one photo with a report."""
    folder = tmp_path / "results"
    folder.mkdir()
    with Store(folder) as store:
        store.list_entries([Entry(PATH, "P01", "left", 0)])
        store.put(Outcome(PATH, HASH, {"n_scars": 9}), Key(HASH, "", "", ""))
    page = "<!doctype html><html><head><title>t</title></head><body></body></html>"
    (folder / "report.html").write_text(page, encoding="utf-8")
    write_bytes(folder / f"masks/{PATH}.png", png16(np.zeros((100, 200), np.uint16), "x"))
    write_bytes(folder / f"layers/{PATH}.d/photo.webp", b"webp")
    write_bytes(folder / f"overlays/{PATH}.jpg", b"jpeg")
    (folder / "layers/secret.sqlite").write_bytes(b"no")
    (folder / "photos.csv").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture
def site(out):
    return open_site(out, PORT, token=TOKEN)


@pytest.fixture
def ask(site):
    """Asks as the page does; each part can be left out or replaced."""
    client = make_app(site).test_client()

    def ask(path, method="GET", **more):
        headers = {"Host": f"127.0.0.1:{PORT}", TOKEN_HEADER: TOKEN}
        if method == "POST":
            headers |= {"Origin": ORIGIN, "Content-Type": "application/json"}
        headers |= more.pop("headers", {})
        kept = {name: value for name, value in headers.items() if value is not None}
        return client.open(path, method=method, headers=kept, **more)

    return ask


def review(*decisions, **more):
    head = {"format": "scarscope-review", "format_version": 1, "study": "", **more}
    return json.dumps({**head, "decisions": list(decisions)})


# --- who is answered ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/review.json", f"/layers/{PATH}.d/photo.webp", "/nothing"])
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], "é"])
def test_without_the_token_nobody_is_answered(ask, path, token):
    value = None if token is None else token.encode().decode("latin-1")
    answer = ask(path, headers={TOKEN_HEADER: value})
    assert answer.status_code == 403
    assert "token" in answer.json["error"]
    assert b"<title>" not in answer.data


@pytest.mark.parametrize("host", ["localhost:8123", "evil.example", "127.0.0.1", "127.0.0.1:80"])
def test_another_name_of_this_computer_is_refused(ask, host):
    for method in ("GET", "POST"):
        answer = ask("/review.json", method, headers={"Host": host}, data=review())
        assert answer.status_code == 403
        assert "one address" in answer.json["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8124"},
        {"Origin": "https://127.0.0.1:8123"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_are_refused(ask, site, headers):
    for method in ("GET", "POST", "OPTIONS"):
        answer = ask("/review.json", method, headers=headers, data=review(REJECT))
        assert answer.status_code == 403
        assert not any(name.startswith("Access-Control") for name, _ in answer.headers)
    assert not site.file.exists()


def test_whoever_writes_must_say_where_from(ask, site):
    assert ask("/review.json", "POST", headers={"Origin": None}, data=review()).status_code == 403
    assert not site.file.exists()


def test_the_address_and_pictures_may_carry_the_token_but_decisions_not(ask):
    bare = {TOKEN_HEADER: None}
    assert ask(f"/?token={TOKEN}", headers=bare).status_code == 200
    assert ask(f"/overlays/{PATH}.jpg?token={TOKEN}", headers=bare).status_code == 200
    assert ask(f"/review.json?token={TOKEN}", headers=bare).status_code == 403
    assert ask(f"/review.json?token={TOKEN}", "POST", headers=bare).status_code == 403


def test_what_the_browser_is_called_with_opens_the_page_once(ask, site):
    address = site.launch().removeprefix(ORIGIN)
    bare = {TOKEN_HEADER: None}
    assert ask(address.replace("/?", "/review.json?"), headers=bare).status_code == 403
    assert TOKEN in ask(address, headers=bare).text
    assert ask(address, headers=bare).status_code == 403
    assert ask("/?start=", headers=bare).status_code == 403
    assert ask("/?start=é", headers=bare).status_code == 403


# --- what is served -------------------------------------------------------------------------------


def test_the_page_is_told_its_token_and_may_load_nothing_from_elsewhere(ask, out):
    answer = ask("/")
    assert answer.text.startswith("<!doctype html><html><head><meta ")
    assert f'<meta name="scarscope-review" content="{TOKEN}"><title>' in answer.text
    assert TOKEN not in (out / "report.html").read_text()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/", "/review.json", f"/overlays/{PATH}.jpg", "/nothing"])
def test_every_answer_is_closed(ask, path):
    headers = ask(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


def test_pages_of_single_subjects_are_pages_too(ask, out):
    (out / "report").mkdir()
    (out / "report/s1.html").write_text("<html><head></head>one</html>", encoding="utf-8")
    (out / "layers/s1.html").write_text("<html><head></head>no</html>", encoding="utf-8")
    for path in ("/report/s1.html", f"/report/s1.html?token={TOKEN}", "/report.html"):
        answer = ask(path)
        assert f'content="{TOKEN}"' in answer.text
        assert answer.mimetype == "text/html"
        assert "'unsafe-inline'" in answer.headers["Content-Security-Policy"]
    assert ask("/layers/s1.html").status_code == 404
    assert ask("/report/s1.html", headers={TOKEN_HEADER: None}).status_code == 403


def test_pictures_of_the_study_are_served(ask):
    assert ask(f"/layers/{PATH}.d/photo.webp").data == b"webp"
    assert ask(f"/overlays/{PATH}.jpg").data == b"jpeg"


@pytest.mark.parametrize(
    "path",
    [
        "/photos.csv",
        "/scarscope.sqlite",
        "/masks/P01/s0/left.jpg.png",
        "/layers/../photos.csv",
        "/layers/..%2fphotos.csv",
        "/layers/%2e%2e/report.html",
        "/layers//etc/passwd",
        "/layers/%2fetc%2fpasswd",
        "/layers/..\\photos.csv",
        "/layers/secret.sqlite",
        "/layers/P01",
        "/layers/",
        "/layers/a%00b.jpg",
        "/overlays/nothing.jpg",
        "/report/x.css",
    ],
)
def test_nothing_else_is_served(ask, path):
    answer = ask(path)
    assert answer.status_code in (400, 404, 308)
    assert b"secret" not in answer.data


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_leave_the_folder_are_not_followed(ask, out, tmp_path):
    (tmp_path / "private.jpg").write_bytes(b"secret")
    (out / "layers/out.jpg").symlink_to(tmp_path / "private.jpg")
    (out / "layers/up").symlink_to(out)
    (out / "overlays/dir").symlink_to(tmp_path)
    (out / "report").symlink_to(tmp_path)
    for path in ("layers/out.jpg", "layers/up/private.jpg", "overlays/dir/private.jpg"):
        assert ask(f"/{path}").status_code == 404
    assert ask("/report/private.jpg").status_code == 404
    (out / "layers/in.webp").symlink_to(out / f"layers/{PATH}.d/photo.webp")
    assert ask("/layers/in.webp").status_code == 200


# --- what is written ------------------------------------------------------------------------------


def test_before_the_first_decision_there_is_an_empty_review(ask, site):
    answer = ask("/review.json")
    assert answer.json == json.loads(review(study=study_id([HASH])))
    assert answer.headers["ETag"] == '"none"'
    assert not site.file.exists()


def test_decisions_are_written_and_those_before_are_kept(ask, site):
    answer = ask("/review.json", "POST", data=review(REJECT))
    assert answer.status_code == 200
    assert answer.json == {"saved": 1, "warnings": []}
    written = read_review(site.file)
    assert written.decisions[0].scar_id == 7
    assert written.study == study_id([HASH])
    again = ask("/review.json")
    assert again.json["decisions"] == [REJECT]
    assert again.headers["ETag"] == answer.headers["ETag"]
    ask("/review.json", "POST", data=review())
    assert read_review(site.file).decisions == ()
    assert read_review(site.out / "review.json.bak") == written
    assert not list(site.out.glob(".tmp-*"))


def test_a_number_alone_is_written_with_its_place(ask, site):
    labels = np.zeros((100, 200), np.uint16)
    labels[20:40, 100:150] = 7
    write_bytes(site.out / f"masks/{PATH}.png", png16(labels, "x"))
    ask("/review.json", "POST", data=review(REJECT, {**REJECT, "scar_id": 8}))
    first, second = read_review(site.file).decisions
    cells = cells_of(first.outline, tuple(np.indices(labels.shape, dtype=np.float32)[::-1]))
    assert (cells & (labels == 7)).sum() / (cells | (labels == 7)).sum() > 0.95
    assert (second.scar_id, second.outline) == (8, ())
    # After the scar has gone from the mask its place is still known.
    write_bytes(site.out / f"masks/{PATH}.png", png16(labels * 0, "x"))
    ask("/review.json", "POST", data=ask("/review.json").data)
    assert read_review(site.file).decisions[0] == first


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 1)])
def test_the_smallest_scars_have_an_outline_that_is_read_back(ask, site, size):
    labels = np.zeros((100, 200), np.uint16)
    labels[: size[0], : size[1]] = 7
    write_bytes(site.out / f"masks/{PATH}.png", png16(labels, "x"))
    assert ask("/review.json", "POST", data=review(REJECT)).status_code == 200
    assert len(read_review(site.file).decisions[0].outline) >= 3


def test_what_would_not_be_applied_is_told(ask):
    strange = [{**REJECT, "sha256": "0" * 64}, {**REJECT, "path": "P09/x.jpg"}]
    warnings = ask("/review.json", "POST", data=review(*strange)).json["warnings"]
    told = f"reject scar 7 in {PATH} will not be applied: the photo's bytes are others now."
    assert warnings[0] == told
    assert "P09/x.jpg will not be applied: there is no such photo" in warnings[1]


def test_two_windows_do_not_overwrite_each_other(ask):
    tag = ask("/review.json").headers["ETag"]
    first = ask("/review.json", "POST", headers={"If-Match": tag}, data=review(REJECT))
    assert first.status_code == 200
    second = ask("/review.json", "POST", headers={"If-Match": tag}, data=review())
    assert second.status_code == 412
    assert "changed elsewhere" in second.json["error"]
    assert len(ask("/review.json").json["decisions"]) == 1
    own = {"If-Match": first.headers["ETag"]}
    assert ask("/review.json", "POST", headers=own, data=review()).status_code == 200


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        ("[]", "holds no decisions"),
        (review({**REJECT, "action": "burn"}), "decision 1: action is 'burn'"),
        (review({**REJECT, "reason": ""}), "reason is ''"),
        (
            review({**REJECT, "outline": [[300, 10], [400, 10], [400, 90]]}),
            "outside the photo of 200 x 100",
        ),
    ],
)
def test_what_cannot_be_understood_is_not_written(ask, site, data, told):
    ask("/review.json", "POST", data=review(REJECT))
    before = site.file.read_bytes()
    answer = ask("/review.json", "POST", data=data)
    assert answer.status_code == 400
    assert told in answer.json["error"]
    assert answer.json["remedy"]
    assert site.file.read_bytes() == before


def test_other_kinds_and_sizes_are_refused(ask, site):
    form = {"Content-Type": "text/plain"}
    assert ask("/review.json", "POST", headers=form, data=review()).status_code == 415
    large = ask("/review.json", "POST", data=b" " * (MOST_BYTES + 1))
    assert large.status_code == 413
    assert large.json["error"]
    assert ask("/review.json", "PUT", data=review()).status_code == 405
    assert ask("/", "POST", data=review()).status_code == 405
    assert not site.file.exists()


def test_a_review_that_was_damaged_meanwhile_is_told(ask, site):
    site.file.write_text("{", encoding="utf-8")
    answer = ask("/review.json")
    assert answer.status_code == 400
    assert "not valid JSON" in answer.json["error"]


def test_decisions_are_saved_while_a_batch_holds_the_store(ask, site):
    with Store(site.out):
        answer = ask("/review.json", "POST", data=review({**REJECT, "path": "elsewhere.jpg"}))
    assert answer.json == {"saved": 1, "warnings": []}


# --- opening --------------------------------------------------------------------------------------


def test_every_run_has_a_token_of_its_own(out):
    tokens = {open_site(out, PORT).token for _ in range(3)}
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 32
    assert TOKEN not in repr(open_site(out, PORT, token=TOKEN))


def test_a_folder_that_cannot_be_reviewed_says_why(out, tmp_path):
    (out / "review.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReviewError, match="not valid JSON"):
        open_site(out, PORT)
    (out / "report.html").unlink()
    with pytest.raises(ReviewError, match=r"scarscope report results"):
        open_site(out, PORT)
    with pytest.raises(StoreError, match="holds no"):
        open_site(tmp_path, PORT)


def test_the_server_listens_here_alone_and_opens_its_page(out, monkeypatch, capfd):
    opened, found = [], {}
    monkeypatch.setattr(review_server.webbrowser, "open", opened.append)
    started = threading.Event()
    servers = []
    from werkzeug import serving

    real = serving.make_server
    monkeypatch.setattr(
        serving, "make_server", lambda *a, **k: servers.append(real(*a, **k)) or servers[0]
    )

    def tell(site):
        found["site"] = site
        started.set()

    thread = threading.Thread(target=serve, args=(out,), kwargs={"tell": tell})
    thread.start()
    assert started.wait(20)
    site = found["site"]
    try:
        assert servers[0].socket.getsockname()[0] == "127.0.0.1"
        with urllib.request.urlopen(site.address, timeout=20) as answer:
            assert site.token.encode() in answer.read()
            assert "Python" not in answer.headers.get("Server", "")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(site.origin, timeout=20)
        with pytest.raises(ParamsError, match="cannot be used"):
            serve(out, port=site.port, tell=tell)
    finally:
        servers[0].shutdown()
        thread.join(20)
    assert not thread.is_alive()
    assert len(opened) == 1
    assert site.token not in opened[0]
    printed = capfd.readouterr()
    assert site.token not in printed.out + printed.err


def test_without_flask_the_extra_is_named(out, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "flask", None)
    with pytest.raises(DependencyError) as caught:
        serve(out, tell=print)
    assert 'scarscope[review]"' in caught.value.remedy
