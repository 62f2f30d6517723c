"""The report in a real browser: by mouse, by keyboard, on paper, and for who does not see it."""

import json
import re
import shutil
import socket
import threading
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from browser_pages import LAPTOP, SCREENS, TABLET, watch
from playwright.sync_api import expect

from scarscope.batch.review import Review, parse_review, read_review, write_review
from scarscope.report.review_server import make_app
from scarscope.report.review_site import HOST, open_site

pytestmark = pytest.mark.slow

PANEL = "#s1 .panel:not([hidden])"
VIEWER = f"{PANEL} .look > .viewer"


def open_first(opened):
    opened.page.click("#subjects tbody tr:first-child a")
    opened.page.wait_for_selector(f"{VIEWER} img[src^='blob:']")
    return opened.page


def wipe_of(page):
    style = "e => getComputedStyle(e).getPropertyValue('--wipe')"
    return page.eval_on_selector(f"{VIEWER} .stage", style)


def zoom_of(page):
    return page.eval_on_selector(VIEWER, "e => e.viewer.zoom")


def shown_rows(page):
    return page.locator("#subjects tbody tr:visible").count()


def test_the_index_says_what_changed(opened):
    page = opened.page
    assert page.title() == "ScarScope report"
    assert "improved" in page.inner_text(".lead")
    assert shown_rows(page) == 4
    assert page.locator("#subjects svg.sparkline").count() == 3
    opened.shot("index")


def test_the_index_is_filtered(opened):
    page = opened.page
    page.fill("#filter-text", "p02")
    assert shown_rows(page) == 2
    assert page.inner_text("#filter-count") == "2 of 4 rows"
    page.select_option("#filter-verdict", "improved")
    assert shown_rows(page) == 1
    page.fill("#filter-text", "nobody")
    assert shown_rows(page) == 0
    page.fill("#filter-text", "")
    page.select_option("#filter-verdict", "")
    page.select_option("#filter-flags", "caution")
    assert page.locator("#subjects tbody tr:visible").all_inner_texts()[0].startswith("P02")


def test_the_index_is_sorted_with_blanks_last(opened):
    page = opened.page
    head = page.locator("#subjects th", has_text="Change at last visit")
    told = []
    for _ in range(2):
        head.locator("button").click()
        cells = page.locator("#subjects tbody td:nth-child(6)")
        told.append([cell.get_attribute("data-sort") for cell in cells.all()])
    up, down = ([float(t) for t in order if t] for order in told)
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert up != down
    assert all(order[-1] == "" for order in told)
    assert head.get_attribute("aria-sort") == "descending"


def test_a_subject_begins_with_the_answer(opened):
    page = open_first(opened)
    answer = page.locator("#s1 .answer").first
    assert answer.bounding_box()["y"] < LAPTOP["height"] / 2
    assert "Improved" in answer.inner_text()
    assert "95 % interval" in answer.inner_text()
    assert page.locator("#s1 .view svg.chart").bounding_box()["y"] < LAPTOP["height"]
    page.wait_for_timeout(200)  # pictures are decoded
    opened.shot("subject")  # the README's picture, see docs/pictures.py


def test_the_slider_follows_mouse_and_keys(opened):
    page = open_first(opened)
    slider = page.locator(f"{VIEWER} .wipe input")
    assert wipe_of(page) in ("", "50%")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    by_mouse = float(wipe_of(page).rstrip("%"))
    assert 74 < by_mouse < 86
    slider.press("ArrowLeft")
    assert float(wipe_of(page).rstrip("%")) == by_mouse - 1
    slider.press("Home")
    assert wipe_of(page) == "0%"
    assert slider.get_attribute("aria-valuetext") == "0 % before, 100 % after"
    # What lies beneath the wipe is the later photo.
    clip = page.eval_on_selector(f"{VIEWER} .over-clip", "e => getComputedStyle(e).clipPath")
    assert clip.startswith("inset(0px 0px 0px 0%")
    opened.shot("after")


def test_before_and_after_are_different_pictures_on_one_frame(opened):
    page = open_first(opened)
    images = page.locator(f"{VIEWER} img").all()
    sizes = {tuple(i.evaluate("e => [e.naturalWidth, e.naturalHeight]")) for i in images}
    assert len(images) == 2
    assert len(sizes) == 1
    boxes = [image.bounding_box() for image in images]
    assert boxes[0] == boxes[1]
    assert images[0].get_attribute("src") != images[1].get_attribute("src")


def test_layers_outlines_and_blink(opened):
    page = open_first(opened)
    lines = page.locator(f"{VIEWER} .under g.scar")
    assert lines.count() == page.locator(f"{PANEL} .facts .scar-table tbody tr").count()
    page.click(f"{VIEWER} .lines-toggle")
    assert not lines.first.is_visible()
    page.click(f"{VIEWER} .lines-toggle")
    for layer, named in (("depth", "missing depth"), ("change", "deeper by")):
        before = page.get_attribute(f"{VIEWER} .under img", "src")
        page.click(f"{VIEWER} [data-layer={layer}]")
        assert page.get_attribute(f"{VIEWER} .under img", "src") != before
        assert named in page.inner_text(VIEWER)
        opened.shot(layer)
    assert not page.locator(f"{VIEWER} .wipe").is_visible()  # one map of both photos
    page.click(f"{VIEWER} [data-layer=photo]")
    page.click(f"{VIEWER} .blink")
    first = wipe_of(page)
    slider = page.locator(f"{VIEWER} .wipe input")
    expect(slider).not_to_have_js_property("value", first.rstrip("%"))
    page.click(f"{VIEWER} .blink")
    assert wipe_of(page) == "50%"


def test_a_row_shows_its_scar_and_an_outline_its_row(opened):
    page = open_first(opened)
    row = page.locator(f"{PANEL} .facts .scar-table tbody tr").nth(2)
    row.focus()
    row.press("Enter")
    assert zoom_of(page) > 1.5
    number = row.get_attribute("data-row")
    group = page.locator(f'{VIEWER} .under g.scar[data-row="{number}"]')
    assert "chosen" in group.get_attribute("class")
    stage, scar = page.locator(f"{VIEWER} .stage").bounding_box(), group.bounding_box()
    middle = scar["x"] + scar["width"] / 2, scar["y"] + scar["height"] / 2
    assert stage["x"] < middle[0] < stage["x"] + stage["width"]
    assert stage["y"] < middle[1] < stage["y"] + stage["height"]
    opened.shot("scar")
    page.click(f"{VIEWER} .zoom-all")
    assert zoom_of(page) == 1
    assert "chosen" not in group.get_attribute("class")
    page.locator(f"{VIEWER} .under g.scar .hit").nth(4).click(force=True)
    assert page.locator(f"{PANEL} .facts .scar-table tr.chosen").count() == 1


def test_the_picture_moves_and_zooms_by_keys_and_wheel(opened):
    page = open_first(opened)
    stage = page.locator(f"{VIEWER} .stage")
    stage.focus()
    stage.press("+")
    assert zoom_of(page) == pytest.approx(1.5)
    where = page.eval_on_selector(VIEWER, "e => e.viewer.x")
    stage.press("ArrowRight")
    assert page.eval_on_selector(VIEWER, "e => e.viewer.x") < where
    stage.hover()
    page.mouse.wheel(0, -100)
    assert zoom_of(page) > 1.5
    stage.press("0")
    assert zoom_of(page) == 1


def test_tabs_follow_the_arrow_keys(opened):
    page = open_first(opened)
    tab = page.locator('#s1 [role="tab"][aria-selected="true"]')
    assert "Visit 2" in tab.inner_text()
    tab.focus()
    tab.press("Home")
    assert "Baseline" in page.locator('#s1 [role="tab"][aria-selected="true"]').inner_text()
    assert page.locator(f"{PANEL} .stage img").count() == 1
    page.keyboard.press("ArrowRight")
    assert "Visit 1" in page.locator('#s1 [role="tab"][aria-selected="true"]').inner_text()


def test_back_and_forward_go_through_the_pages(opened):
    page = open_first(opened)
    assert page.locator("#index").is_hidden()
    assert page.evaluate("document.activeElement.textContent") == "P01"
    page.go_back()
    assert page.locator("#index").is_visible()
    assert page.locator("#s1").is_hidden()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_subject_prints_on_one_page(opened, paper):
    for place in ("#s1", "#s2"):  # one view, and two
        opened.page.goto(opened.page.url.partition("#")[0] + place)
        opened.page.evaluate("document.querySelectorAll('section:not([hidden]) .print').length")
        data = opened.page.pdf(format=paper)
        assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
        SCREENS.mkdir(parents=True, exist_ok=True)
        (SCREENS / f"summary{place[1:]}-{paper}.pdf").write_bytes(data)
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#s2 .summary").is_visible()
    assert opened.page.locator("#s2 .tabs").first.is_hidden()
    images = opened.page.locator("#s2 .summary img").all()
    assert images
    assert all(image.evaluate("e => e.naturalWidth") > 100 for image in images)


def said(page, text):
    expect(page.locator("#said")).to_contain_text(text)


def decide(page, text, count):
    page.fill("#ask-reason", text)
    page.fill("#ask-by", "AB")
    page.click("#ask-ok")
    expect(page.locator("#review-count")).to_have_text(str(count))


def test_decisions_are_made_and_downloaded(opened, tmp_path):
    page = open_first(opened)
    page.click("#review-toggle")
    row = page.locator(f"{PANEL} .facts .scar-table tbody tr:not([data-id=''])").first
    row.locator("button", has_text="Reject").click()
    decide(page, "a naevus", 1)
    assert "rejected" in row.get_attribute("class")
    second = page.locator(f"{PANEL} .facts .scar-table tbody tr:not([data-id=''])").nth(1)
    second.locator("button", has_text="Retype").click()
    page.select_option("#ask-type", "icepick")
    decide(page, "deeper than wide", 2)
    page.click(f"{PANEL} .exclude")
    page.click("#ask button[value=cancel]")
    assert page.inner_text("#review-count") == "2"
    opened.shot("review")
    with page.expect_download() as waited:
        page.click("#review-save")
    file = tmp_path / "review.json"
    waited.value.save_as(file)
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["format"] == "scarscope-review"
    assert [d["action"] for d in told["decisions"]] == ["reject", "retype"]
    assert {d["by"] for d in told["decisions"]} == {"AB"}
    assert told["decisions"][0]["path"] == "P01/2026-01-12/left.jpg"
    assert told["decisions"][0]["scar_id"] == int(row.get_attribute("data-id"))
    assert told["decisions"][1]["type"] == "icepick"
    outline = told["decisions"][0]["outline"]  # on the photo of 700 pixels
    assert len(outline) > 5
    assert all(0 <= v <= 700 for point in outline for v in point)
    parse_review(file.read_bytes(), name="the download")
    row.locator("button", has_text="Reject").click()  # and taken back
    said(page, "taken back")
    assert "rejected" not in (row.get_attribute("class") or "")
    assert page.inner_text("#review-count") == "1"


def test_a_scar_is_drawn_in_the_photos_own_pixels(opened, tmp_path):
    page = open_first(opened)
    page.click('#s1 [role="tab"] >> nth=0')
    page.click("#review-toggle")
    page.click(f"{PANEL} .draw-scar")
    box = page.locator(f"{PANEL} .stage").bounding_box()
    corners = [(0.25, 0.25), (0.5, 0.25), (0.5, 0.5), (0.25, 0.25)]
    for x, y in corners:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    decide(page, "missed", 1)
    with page.expect_download() as waited:
        page.click("#review-save")
    file = tmp_path / "review.json"
    waited.value.save_as(file)
    (decision,) = json.loads(file.read_text(encoding="utf-8"))["decisions"]
    assert decision["action"] == "add"
    assert len(decision["outline"]) == 3
    wide = 700  # 42 mm at 0.06 mm a pixel
    for (x, y), (a, b) in zip(corners, decision["outline"], strict=False):
        assert a == pytest.approx(x * wide, abs=4)
        assert b == pytest.approx(y * wide, abs=4)


@pytest.fixture
def reviewed(browser, results, tmp_path):
    """The report as the review server shows it, and the folder where decisions go."""
    serving = pytest.importorskip("werkzeug.serving")
    out = tmp_path / "results"
    shutil.copytree(results, out)
    with closing(socket.create_server((HOST, 0))) as free:
        port = free.getsockname()[1]
    site = open_site(out, port)
    server = serving.make_server(HOST, port, make_app(site), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    context = browser.new_context(viewport=LAPTOP)
    watched = watch(context.new_page())
    watched.page.goto(site.address)
    yield watched, out
    context.close()
    server.shutdown()
    server.server_close()
    thread.join()
    assert watched.errors == []
    assert {urlsplit(url).netloc for url in watched.requests} <= {"", f"{HOST}:{port}"}


def test_decisions_are_kept_by_the_server(reviewed):
    watched, out = reviewed
    page = open_first(watched)
    page.click("#review-toggle")
    rows = page.locator(f"{PANEL} .facts .scar-table tbody tr:not([data-id=''])")
    for count, row in enumerate((rows.nth(0), rows.nth(1)), start=1):
        row.locator("button", has_text="Reject").click()
        decide(page, "a naevus", count)
        page.click("#review-save")
        said(page, f"{count} decision(s) saved")
    kept = read_review(out / "review.json")
    assert {(d.path, d.action) for d in kept.decisions} == {("P01/2026-01-12/left.jpg", "reject")}
    assert len({d.scar_id for d in kept.decisions}) == 2
    # Of one scar the last decision counts.
    rows.nth(1).locator("button", has_text="Retype").click()
    decide(page, "deeper than wide", 2)
    page.click("#review-list summary")
    listed = page.locator("#review-list li")
    assert "retype" in listed.nth(1).inner_text()
    listed.nth(1).locator("button").click()
    expect(listed).to_have_count(1)
    page.click("#review-save")
    said(page, "1 decision(s) saved")
    page.reload()
    page.wait_for_selector(f"{VIEWER} img[src^='blob:']")
    expect(page.locator(f"{PANEL} .facts tr.rejected")).to_have_count(1)
    # Another window saved in the meantime: nothing is overwritten unseen.
    write_review(Review(kept.study), out / "review.json")
    page.click("#review-toggle")
    rows.nth(2).locator("button", has_text="Reject").click()
    decide(page, "a fold", 2)
    watched.errors.clear()
    page.click("#review-save")
    said(page, "Not saved.")
    assert read_review(out / "review.json").decisions == ()
    watched.errors.clear()  # the browser notes that the server said no


def test_nothing_hinders_who_needs_help(opened):
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, axe = opened.page, axe_playwright.Axe()
    for place in ("index", "subject", "dark"):
        if place == "subject":
            open_first(opened)
        if place == "dark":
            page.click("#theme")
            opened.shot("dark")
        found = axe.run(page).response["violations"]
        grave = [
            (v["id"], v["nodes"][0]["html"][:120])
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        assert grave == [], place


def test_it_fits_a_tablet(browser, results):
    context = browser.new_context(viewport=TABLET, has_touch=True)
    watched = watch(context.new_page())
    watched.page.goto((results / "report.html").as_uri())
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert watched.page.evaluate(wide) <= 0
    page = open_first(watched)
    assert page.evaluate(wide) <= 0
    watched.shot("tablet")
    context.close()
    assert watched.errors == []


def test_dark_is_followed_and_can_be_left(browser, results):
    context = browser.new_context(viewport=LAPTOP, color_scheme="dark")
    page = context.new_page()
    page.goto((results / "report.html").as_uri())
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.click("#theme")
    assert page.evaluate(paper) == "rgb(255, 255, 255)" != dark
    context.close()
