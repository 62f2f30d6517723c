const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const SVG = "http://www.w3.org/2000/svg";
const STYLES = JSON.parse($("#line-styles").textContent);
const say = (text) => { $("#said").textContent = text; };

/* Pictures: base64 text until they are wanted, then one object URL each. */
const urls = new Map();
const picture = (key) => {
  if (!urls.has(key)) {
    const holder = document.getElementById(`pic-${key}`);
    if (!holder) return "";
    const bytes = Uint8Array.from(atob(holder.textContent), (c) => c.charCodeAt(0));
    urls.set(key, URL.createObjectURL(new Blob([bytes], { type: "image/webp" })));
  }
  return urls.get(key);
};

/* Light and dark. */
$("#theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

/* Tables: sorted by their heads; blanks stay last. */
const value = (cell, kind) => {
  const text = "sort" in cell.dataset ? cell.dataset.sort : cell.textContent.trim();
  if (kind !== "number") return text.toLowerCase();
  return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
};
for (const table of all("table.sortable")) {
  all("thead th", table).forEach((head) => {
    const button = $(".sort", head);
    if (!button) return;
    button.addEventListener("click", () => {
      const place = [...head.parentElement.children].indexOf(head);
      const down = head.getAttribute("aria-sort") === "ascending";
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [value(row.cells[place], head.dataset.kind), row]);
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const order = a < b ? -1 : a > b ? 1 : 0;
        return down ? -order : order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}

/* Filters of the index. */
const text = $("#filter-text");
if (text) {
  const verdict = $("#filter-verdict"), flags = $("#filter-flags"), rows = all("#subjects tbody tr");
  const grave = { "": ["", "info", "caution", "serious"], caution: ["caution", "serious"], serious: ["serious"] };
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const told = row.textContent.toLowerCase();
      const fits = words.every((word) => told.includes(word))
        && (!verdict.value || row.dataset.verdict === verdict.value)
        && grave[flags.value].includes(row.dataset.severity);
      row.hidden = !fits;
      shown += fits;
    }
    $("#filter-count").textContent = `${shown} of ${rows.length} rows`;
  };
  for (const input of [text, verdict, flags]) input.addEventListener("input", filter);
  $("form.filters").addEventListener("submit", (event) => event.preventDefault());
  filter();
}
