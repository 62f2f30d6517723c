const viewers = all(".viewer").map((root) => new Viewer(root));
const start = (root) => all(".viewer", root).forEach(({ viewer }) => { if (viewer.root.offsetParent !== null) { viewer.start(); viewer.place(); } });
for (const details of all("details")) details.addEventListener("toggle", () => { if (details.open) start(details); });
for (const button of all(".more-figures")) button.addEventListener("click", () => {
  const more = $("tbody.more", button.closest(".facts")), open = more.hidden;
  more.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
});

/* Tabs, by mouse and by arrow keys. */
for (const list of all('[role="tablist"]')) {
  const tabs = all('[role="tab"]', list);
  const select = (tab) => {
    for (const other of tabs) {
      const own = other === tab;
      other.setAttribute("aria-selected", String(own));
      other.tabIndex = own ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !own;
    }
    start(document.getElementById(tab.getAttribute("aria-controls")));
  };
  tabs.forEach((tab, n) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: n + 1, ArrowLeft: n - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      next.focus();
      select(next);
    });
  });
}

/* One subject at a time. */
const sections = all("section.subject"), index = $("#index");
const route = () => {
  const wanted = sections.find((section) => `#${section.id}` === location.hash) || (index ? null : sections[0]);
  if (index) index.hidden = Boolean(wanted);
  for (const section of sections) section.hidden = section !== wanted;
  for (const viewer of viewers) if (viewer.open && viewer.timer) viewer.blink(false);
  if (wanted) { start(wanted); scrollTo(0, 0); $("h1", wanted).focus({ preventScroll: true }); }
};
addEventListener("hashchange", route);
route();

/* Printing: pictures of the summary are made when they are needed. */
const fillSummaries = () => {
  const shown = sections.find((section) => !section.hidden);
  return Promise.all((shown ? all("img[data-pic]", shown) : []).map((image) => {
    if (!image.src) image.src = picture(image.dataset.pic);
    return image.decode().catch(() => {});
  }));
};
addEventListener("beforeprint", fillSummaries);
for (const button of all(".print")) button.addEventListener("click", () => fillSummaries().then(() => print()));
