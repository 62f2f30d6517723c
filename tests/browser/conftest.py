"""A browser, and the sample study's report in it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scarscope as ss

sys.path.insert(0, str(Path(__file__).parent))  # for browser_pages
from browser_pages import BROWSERS, LAPTOP, ROOT, Watched, find_browser, watch


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    executable = os.environ.get("SCARSCOPE_BROWSER") or find_browser()
    if executable is None:
        pytest.skip(f"there is none of {', '.join(BROWSERS)} (Debian: apt-get install chromium)")
    with api.sync_playwright() as playwright:
        # Root has no sandbox in a container.
        made = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """The sample study, scored and compared, with its report."""
    out = tmp_path_factory.mktemp("report") / "results"
    ss.score_folder(ROOT / "data" / "samples", out=out)
    return out


@pytest.fixture
def opened(browser, results) -> Iterator[Watched]:
    """The report on a laptop; nothing may go wrong or leave the machine until the test ends."""
    context = browser.new_context(viewport=LAPTOP, accept_downloads=True)
    watched = watch(context.new_page())
    watched.page.goto((results / "report.html").as_uri())
    yield watched
    context.close()
    assert watched.errors == []
    assert {url.partition(":")[0] for url in watched.requests} <= {"file", "blob", "data"}
