"use strict";
(() => {
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

  /* Viewers. */
  class Viewer {
    constructor(root) {
      this.root = root;
      this.key = root.dataset.key;
      this.kind = root.dataset.kind;
      this.stage = $(".stage", root);
      this.planes = all(".plane", root);
      [this.width, this.height] = root.dataset.size.split(" ").map(Number);
      this.zoom = 1; this.x = 0; this.y = 0; this.layer = "photo"; this.chosen = null;
      this.open = false;
      this.draw = null;
      this.stage.style.setProperty("aspect-ratio", `${this.width} / ${this.height}`);
      root.viewer = this;
    }

    start() {
      if (this.open) return;
      this.open = true;
      this.data = JSON.parse(document.getElementById(`data-${this.key}`).textContent);
      this.table = document.querySelector(`.scars[data-viewer="${this.key}"]`);
      const sides = this.kind === "pair" ? ["before", "after"] : ["photo"];
      this.parts = sides.map((side, n) => this.fill(this.planes[n], side));
      this.listen();
      this.show("photo");
      this.place();
    }

    fill(plane, side) {
      const image = document.createElement("img");
      image.alt = { before: "The earlier photo", after: "The later photo, laid over the earlier one", photo: "The photo" }[side];
      image.draggable = false;
      const lines = document.createElementNS(SVG, "svg");
      lines.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
      lines.setAttribute("class", "lines");
      lines.setAttribute("preserveAspectRatio", "none");
      lines.setAttribute("aria-hidden", "true");
      for (const d of this.data.region) this.path(lines, d, "border");
      const kinds = this.kinds();
      this.data.scars.forEach((scar, row) => {
        const group = document.createElementNS(SVG, "g");
        group.setAttribute("class", "scar");
        group.dataset.row = row;
        const style = STYLES[kinds.get(row)] || STYLES.unchanged;
        for (const d of scar[side] || []) {
          this.path(group, d, "hit");
          this.path(group, d, "seam");
          const line = this.path(group, d, "line");
          line.setAttribute("stroke", style.colour);
          line.setAttribute("stroke-width", style.width);
          if (style.dash !== "none") line.setAttribute("stroke-dasharray", style.dash);
        }
        lines.append(group);
      });
      plane.append(image, lines);
      return { side, image, lines };
    }

    path(parent, d, name) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", name);
      parent.append(path);
      return path;
    }

    /* What decides how a scar is drawn, by its row: what became of it, or its type. */
    kinds() {
      const found = new Map();
      if (this.table) for (const row of all("tbody tr", this.table)) found.set(Number(row.dataset.row), row.dataset.kind);
      return found;
    }

    show(layer) {
      this.layer = layer;
      const names = {
        photo: { before: "before", after: "after", photo: "photo" },
        depth: { before: "depth-before", after: "depth-after", photo: "depth" },
        change: { before: "change" }, why: { before: "why" },
      }[layer];
      for (const { side, image } of this.parts) image.src = names[side] ? picture(`${this.key}-${names[side]}`) : "";
      this.root.classList.toggle("one", this.kind === "pair" && !names.after);
      const wipe = $(".wipe", this.root);
      if (wipe) wipe.hidden = !names.after;
      const blink = $(".blink", this.root);
      if (blink) { blink.hidden = !names.after; if (!names.after) this.blink(false); }
      for (const button of all("[data-layer]", this.root)) button.setAttribute("aria-pressed", String(button.dataset.layer === layer));
      for (const legend of all(".legend", this.root)) if (legend.dataset.for !== "lines") legend.hidden = legend.dataset.for !== layer;
    }

    listen() {
      for (const button of all("[data-layer]", this.root)) button.addEventListener("click", () => this.show(button.dataset.layer));
      const lines = $(".lines-toggle", this.root);
      lines.addEventListener("click", () => {
        const on = lines.getAttribute("aria-pressed") !== "true";
        lines.setAttribute("aria-pressed", String(on));
        this.root.classList.toggle("no-lines", !on);
      });
      $(".zoom-in", this.root).addEventListener("click", () => this.zoomBy(1.5));
      $(".zoom-out", this.root).addEventListener("click", () => this.zoomBy(1 / 1.5));
      $(".zoom-all", this.root).addEventListener("click", () => this.whole());
      const range = $(".wipe input", this.root);
      if (range) {
        range.addEventListener("input", () => this.wipe(Number(range.value)));
        const blink = $(".blink", this.root);
        blink.addEventListener("click", () => this.blink(blink.getAttribute("aria-pressed") !== "true"));
      }
      this.stage.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, this.at(event));
      }, { passive: false });
      this.stage.addEventListener("keydown", (event) => this.onKey(event));
      this.stage.addEventListener("pointerdown", (event) => this.onDown(event));
      this.stage.addEventListener("pointermove", (event) => this.onMove(event));
      this.stage.addEventListener("pointerup", (event) => this.onUp(event));
      this.stage.addEventListener("pointercancel", () => { this.held = null; });
      for (const { lines } of this.parts) lines.addEventListener("click", (event) => {
        const group = event.target.closest("g.scar");
        if (group && !this.draw && !this.dragged) this.choose(Number(group.dataset.row), true);
      });
      if (this.table) for (const row of all("tbody tr", this.table)) {
        row.addEventListener("click", (event) => { if (!event.target.closest("button")) this.choose(Number(row.dataset.row)); });
        row.addEventListener("keydown", (event) => {
          if (event.target === row && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); this.choose(Number(row.dataset.row)); }
        });
      }
      new ResizeObserver(() => this.place()).observe(this.stage);
    }

    at(event) {
      const box = this.stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    /* From the stage to the picture's pixels. */
    inPicture([x, y]) {
      const per = this.stage.clientWidth / this.width * this.zoom;
      return [(x - this.x) / per, (y - this.y) / per];
    }

    onKey(event) {
      const step = 40, moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (event.target !== this.stage) return;
      if (moves[event.key]) { this.x += moves[event.key][0]; this.y += moves[event.key][1]; this.place(); }
      else if (event.key === "+" || event.key === "=") this.zoomBy(1.5);
      else if (event.key === "-") this.zoomBy(1 / 1.5);
      else if (event.key === "0") this.whole();
      else if (event.key === "Escape" && this.draw) review.stopDrawing(this);
      else return;
      event.preventDefault();
    }

    onDown(event) {
      if (event.button !== 0) return;
      this.dragged = false;
      this.held = { from: this.at(event), x: this.x, y: this.y, id: event.pointerId };
    }

    onMove(event) {
      if (!this.held) return;
      const [x, y] = this.at(event), [x0, y0] = this.held.from;
      if (!this.dragged && Math.hypot(x - x0, y - y0) > 4) {
        this.dragged = true;
        this.stage.setPointerCapture(this.held.id);
        this.stage.classList.add("moving");
      }
      if (!this.dragged || this.draw) return;
      this.x = this.held.x + x - x0; this.y = this.held.y + y - y0;
      this.place();
    }

    onUp(event) {
      const held = this.held;
      this.held = null;
      this.stage.classList.remove("moving");
      if (held && this.draw && !this.dragged) review.point(this, this.inPicture(this.at(event)));
    }

    zoomBy(factor, [x, y] = [this.stage.clientWidth / 2, this.stage.clientHeight / 2]) {
      const zoom = Math.min(16, Math.max(1, this.zoom * factor)), by = zoom / this.zoom;
      this.x = x - (x - this.x) * by; this.y = y - (y - this.y) * by;
      this.zoom = zoom;
      this.place();
    }

    whole() { this.zoom = 1; this.x = 0; this.y = 0; this.choose(null); this.place(); }

    place() {
      const width = this.stage.clientWidth, height = width * this.height / this.width;
      if (!width) return;
      const shown = this.stage.clientHeight;
      this.x = Math.min(0, Math.max(width - width * this.zoom, this.x));
      this.y = Math.min(0, Math.max(shown - height * this.zoom, this.y));
      for (const plane of this.planes) {
        plane.style.height = `${height}px`;
        plane.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
      }
      this.scale(width);
    }

    scale(width) {
      const bar = $(".scale", this.root);
      if (!this.data || !this.data.mm) { bar.hidden = true; return; }
      const perMm = width / this.width / this.data.mm * this.zoom;
      const length = [0.5, 1, 2, 5, 10, 20, 50, 100].find((mm) => mm * perMm > 50) || 100;
      bar.style.width = `${length * perMm}px`;
      bar.textContent = `${length} mm`;
    }

    wipe(percent) {
      const range = $(".wipe input", this.root);
      range.value = percent;
      range.setAttribute("aria-valuetext", `${percent} % before, ${100 - percent} % after`);
      this.stage.style.setProperty("--wipe", `${percent}%`);
    }

    blink(on) {
      clearInterval(this.timer);
      const button = $(".blink", this.root);
      const was = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(on));
      if (!on) { if (was) this.wipe(50); return; }
      let first = true;
      const turn = () => { this.wipe(first ? 100 : 0); first = !first; };
      turn();
      this.timer = setInterval(turn, 700);
    }

    choose(row, fromPicture = false) {
      this.chosen = row;
      for (const group of all("g.scar", this.root)) group.classList.toggle("chosen", row !== null && Number(group.dataset.row) === row);
      if (this.table) for (const line of all("tbody tr", this.table)) {
        const own = row !== null && Number(line.dataset.row) === row;
        line.classList.toggle("chosen", own);
        if (own && fromPicture) { this.table.open = true; line.scrollIntoView({ block: "nearest" }); line.focus({ preventScroll: true }); }
      }
      if (row === null || fromPicture) return;
      const group = $(`g.scar[data-row="${row}"]`, this.root);
      if (!group || !group.querySelector("path")) return;
      const box = group.getBBox(), per = this.stage.clientWidth / this.width;
      const room = Math.max(box.width, box.height, 24) * 3.2;
      this.zoom = Math.min(16, Math.max(1, Math.min(this.width, this.height) / room));
      this.x = this.stage.clientWidth / 2 - (box.x + box.width / 2) * per * this.zoom;
      this.y = this.stage.clientHeight / 2 - (box.y + box.height / 2) * per * this.zoom;
      this.place();
    }
  }

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

  /* Review: what a person decides about scars and photos. */
  const review = {
    decisions: [], server: null, dirty: false,

    async begin() {
      const meta = $('meta[name="scarscope-review"]');
      if (!all(".panel").some((panel) => panel.dataset.path)) return;
      /* Of many pages each would download a file of its own: only the server keeps them together. */
      if (!meta && document.body.dataset.single !== "yes") return;
      $("#review-toggle").hidden = false;
      $("#review-toggle").addEventListener("click", () => this.toggle());
      $("#review-save").addEventListener("click", () => this.save());
      for (const button of all(".exclude")) button.addEventListener("click", () => this.exclude(button.closest(".panel")));
      for (const viewer of viewers) {
        const scar = $(".draw-scar", viewer.root), region = $(".draw-region", viewer.root);
        if (scar) scar.addEventListener("click", () => this.startDrawing(viewer, "add"));
        if (region) region.addEventListener("click", () => this.startDrawing(viewer, "region"));
      }
      addEventListener("beforeunload", (event) => { if (this.dirty) event.preventDefault(); });
      if (!meta) return;
      /* Pages of other subjects come from the same server, which wants the token. */
      for (const link of all('a[href$=".html"]')) link.href = `${link.href}?token=${encodeURIComponent(meta.content)}`;
      this.server = { "X-ScarScope-Token": meta.content };
      /* The browser was opened by a code that works once: a reload needs the token. */
      history.replaceState(null, "", `${location.pathname}?token=${encodeURIComponent(meta.content)}${location.hash}`);
      try {
        const answer = await fetch("/review.json", { headers: this.server });
        const told = await answer.json();
        if (!answer.ok) { say(`Earlier decisions cannot be read. ${told.error} ${told.remedy}`); return; }
        this.decisions = told.decisions || [];
        this.tag = answer.headers.get("ETag");
        this.told();
      } catch { say("Earlier decisions could not be read from the server."); }
    },

    toggle() {
      const on = $("#review-toggle").getAttribute("aria-pressed") !== "true";
      $("#review-toggle").setAttribute("aria-pressed", String(on));
      $("#review-save").hidden = !on;
      for (const part of all(".draw, .review-photo")) part.hidden = !on;
      for (const row of all(".scar-table tbody tr")) {
        const cell = row.cells[0], own = $(".review-row", cell);
        if (!on) { own?.remove(); continue; }
        const box = document.createElement("span");
        box.className = "review-row";
        for (const [name, action] of [["Reject", "reject"], ["Retype", "retype"]]) {
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = name;
          button.setAttribute("aria-label", `${name} scar ${cell.textContent.trim().replace(/\D*$/, "")}`);
          button.addEventListener("click", () => this.ofScar(row, action));
          box.append(button);
        }
        cell.append(box);
      }
      this.told();
    },

    ask(title, text, typed) {
      const dialog = $("#ask");
      $("#ask-title").textContent = title;
      $("#ask-text").textContent = text;
      $("#ask-type-label").hidden = !typed;
      $("#ask-reason").value = "";
      $("#ask-by").value = this.by || "";
      dialog.returnValue = "";
      dialog.showModal();
      return new Promise((resolve) => dialog.addEventListener("close", () => {
        if (dialog.returnValue !== "ok") return resolve(null);
        this.by = $("#ask-by").value.trim();
        resolve({ reason: $("#ask-reason").value.trim(), by: this.by, at: new Date().toISOString(), ...(typed ? { type: $("#ask-type").value } : {}) });
      }, { once: true }));
    },

    keep(decision) {
      /* One decision about each scar, region and photo; the last one counts. */
      const ofScar = (d) => d.action === "reject" || d.action === "retype";
      const same = (other) => other.path === decision.path && (ofScar(decision)
        ? ofScar(other) && other.scar_id === decision.scar_id
        : decision.action !== "add" && other.action === decision.action);
      this.decisions = this.decisions.filter((other) => !same(other));
      this.decisions.push(decision);
      this.dirty = true;
      this.told();
      say("Decision kept. Save decisions when you are done.");
    },

    undo(match) {
      const before = this.decisions.length;
      this.decisions = this.decisions.filter((other) => !match(other));
      this.dirty = this.dirty || this.decisions.length !== before;
      this.told();
      return this.decisions.length !== before;
    },

    /* A scar of a pair is the earlier photo's, or the later one's where only that shows it. */
    scarOf(row) {
      const panel = row.closest(".panel"), viewer = $(`.viewer[data-key="${row.closest(".scars").dataset.viewer}"]`).viewer;
      const pair = viewer.kind === "pair";
      const own = row.dataset.id !== "";
      if (pair && own) return { path: panel.dataset.base, sha256: panel.dataset.baseSha, scar_id: Number(row.dataset.id), ...this.outlineOf(viewer, row) };
      const id = pair ? row.dataset.later : row.dataset.id;
      const scar = { path: panel.dataset.path, sha256: panel.dataset.sha, scar_id: Number(id) };
      return id === "" ? null : pair ? scar : { ...scar, ...this.outlineOf(viewer, row) };
    },

    /* Where a scar lies in the photo that the picture is of; numbers change, places do not. */
    outlineOf(viewer, row) {
      const scar = viewer.data?.scars[Number(row.dataset.row)];
      const [longest] = [...(scar?.before || scar?.photo || [])].sort((a, b) => b.length - a.length);
      const points = (longest?.match(/-?[\d.]+ -?[\d.]+/g) || []).map((pair) => pair.split(" ").map(Number));
      return points.length > 2 ? { outline: this.inPhoto(viewer, points) } : {};
    },

    inPhoto(viewer, points) {
      const [perPhoto, left, top] = viewer.data.frame;
      return points.map(([x, y]) => [(x + left) / perPhoto, (y + top) / perPhoto].map((v) => Math.round(v * 10) / 10));
    },

    async ofScar(row, action) {
      const scar = this.scarOf(row);
      if (!scar) { say("This scar has no number in a photo of its own, so that nothing can be decided about it here."); return; }
      if (this.undo((d) => d.path === scar.path && d.scar_id === scar.scar_id && d.action === action)) { say("Decision taken back."); return; }
      const names = { reject: "Reject", retype: "Retype" };
      const told = await this.ask(`${names[action]} scar ${scar.scar_id}`, action === "reject" ? "It is left out of all figures when the batch is run again." : "Its type is taken from you when the batch is run again.", action === "retype");
      if (told) this.keep({ ...scar, action, ...told });
    },

    async exclude(panel) {
      const photo = { path: panel.dataset.path, sha256: panel.dataset.sha };
      if (this.undo((d) => d.path === photo.path && d.action === "exclude")) { say("Decision taken back."); return; }
      const told = await this.ask("Exclude this photo", "No figure of it counts when the batch is run again.", false);
      if (told) this.keep({ ...photo, action: "exclude", ...told });
    },

    startDrawing(viewer, action) {
      if (viewer.draw) { this.stopDrawing(viewer); return; }
      const line = viewer.path(viewer.parts[0].lines, "", "line drawn");
      viewer.draw = { action, points: [], line };
      viewer.stage.classList.add("drawing");
      $(action === "add" ? ".draw-scar" : ".draw-region", viewer.root).setAttribute("aria-pressed", "true");
      say("Click around it; click the first point again to close, press Escape to stop.");
      viewer.stage.focus();
    },

    stopDrawing(viewer) {
      viewer.draw?.line.remove();
      viewer.draw = null;
      viewer.stage.classList.remove("drawing");
      for (const button of all(".draw button", viewer.root)) button.setAttribute("aria-pressed", "false");
    },

    async point(viewer, [x, y]) {
      const { points, line, action } = viewer.draw;
      const per = viewer.width / viewer.stage.clientWidth / viewer.zoom;
      const close = points.length > 2 && Math.hypot(x - points[0][0], y - points[0][1]) < 9 * per;
      if (!close) {
        points.push([x, y]);
        line.setAttribute("d", `M${points.map((p) => p.join(" ")).join("L")}`);
        return;
      }
      line.setAttribute("d", `M${points.map((p) => p.join(" ")).join("L")}Z`);
      const outline = this.inPhoto(viewer, points);
      const panel = viewer.root.closest(".panel");
      const told = await this.ask(action === "add" ? "Add a scar" : "Redraw the region", action === "add" ? "It counts when the batch is run again." : "Only skin within it is measured when the batch is run again.", action === "add");
      if (told) this.keep({ path: panel.dataset.path, sha256: panel.dataset.sha, action, outline, ...told });
      this.stopDrawing(viewer);
    },

    /* Marks rows by what was decided about them. */
    told() {
      $("#review-count").textContent = this.decisions.length;
      this.list();
      for (const row of all(".scar-table tbody tr")) {
        const scar = this.scarOf(row);
        const gone = Boolean(scar) && this.decisions.some((d) => d.action === "reject" && d.path === scar.path && d.scar_id === scar.scar_id);
        row.classList.toggle("rejected", gone);
        const viewer = $(`.viewer[data-key="${row.closest(".scars").dataset.viewer}"]`);
        for (const group of all(`g.scar[data-row="${row.dataset.row}"]`, viewer)) group.classList.toggle("rejected", gone);
      }
      for (const button of all(".exclude")) {
        const path = button.closest(".panel").dataset.path;
        button.textContent = this.decisions.some((d) => d.action === "exclude" && d.path === path) ? "Include this photo again" : "Exclude this photo";
      }
    },

    /* All decisions: also about scars that are gone from the tables by now. */
    list() {
      const box = $("#review-list");
      box.hidden = $("#review-toggle").getAttribute("aria-pressed") !== "true" || !this.decisions.length;
      $("ul", box).replaceChildren(...this.decisions.map((decision) => {
        const line = document.createElement("li"), button = document.createElement("button");
        const what = { reject: "reject scar", retype: "retype scar", add: "add a scar", region: "another region", exclude: "exclude" }[decision.action];
        const number = decision.scar_id ?? "", type = decision.type ? ` as ${decision.type}` : "";
        line.textContent = `${decision.path}: ${what} ${number}${type}. ${decision.reason} (${decision.by})`;
        button.type = "button";
        button.textContent = "Take back";
        button.setAttribute("aria-label", `Take back: ${line.textContent}`);
        button.addEventListener("click", () => { this.undo((other) => other === decision); say("Decision taken back."); });
        line.append(button);
        return line;
      }));
    },

    async save() {
      const told = { format: "scarscope-review", format_version: 1, decisions: this.decisions };
      const body = JSON.stringify(told, null, 1);
      if (!this.server) {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([body], { type: "application/json" }));
        link.download = "review.json";
        link.click();
        this.dirty = false;
        say("review.json is downloaded. Put it into the results folder and run the same batch command again.");
        return;
      }
      try {
        const headers = { ...this.server, "Content-Type": "application/json", ...(this.tag ? { "If-Match": this.tag } : {}) };
        const answer = await fetch("/review.json", { method: "POST", headers, body });
        const told = await answer.json();
        if (!answer.ok) { say(`Not saved. ${told.error} ${told.remedy}`); return; }
        this.dirty = false;
        this.tag = answer.headers.get("ETag");
        say(`${told.saved} decision(s) saved. Run the same batch command again to apply them. ${told.warnings.join(" ")}`);
      } catch { say("Not saved: the review server does not answer. Start scarscope review again; your decisions are still on this page."); }
    },
  };
  review.begin();
})();
