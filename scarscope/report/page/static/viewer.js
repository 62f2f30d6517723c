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
