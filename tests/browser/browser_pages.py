"""Where browsers are, how large their windows are, and what is noted of a page."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a person looks at after a run; kept by whoever runs the tests.
SCREENS = ROOT / "results" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LAPTOP = {"width": 1280, "height": 800}
TABLET = {"width": 820, "height": 1180}


def find_browser():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass
class Watched:
    """A page, with what went wrong on it and what it loaded."""

    page: object
    errors: list = field(default_factory=list)
    requests: list = field(default_factory=list)

    def shot(self, name):
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png")


def watch(page) -> Watched:
    watched = Watched(page)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on(
        "console",
        lambda told: watched.errors.append(told.text) if told.type == "error" else None,
    )
    page.on("request", lambda request: watched.requests.append(request.url))
    return watched
