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
