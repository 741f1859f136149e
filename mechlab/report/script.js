"use strict";
(() => {
  const root = document.documentElement;
  const page = JSON.parse(document.getElementById("data").textContent);

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // ---- light and dark -------------------------------------------------------------------------
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const plots = [...document.querySelectorAll(".plot")];
  let chosen = null; // null: as the system prefers
  const theme = () => chosen ?? (prefersDark.matches ? "dark" : "light");
  const show = (name) => {
    root.dataset.theme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(name === "dark"));
    return Promise.all(plots.filter((p) => p.layout).map((p) => Plotly.relayout(p, { template: page.looks[name] })));
  };
  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    show(chosen);
  });
  prefersDark.addEventListener("change", () => show(theme()));

  // ---- charts ---------------------------------------------------------------------------------
  const options = (name) => ({
    responsive: true,
    displaylogo: false,
    displayModeBar: innerWidth < 600 ? false : "hover",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { filename: name, scale: 2 },
  });
  const draw = async (plot) => {
    const { data, layout } = page.figures[plot.dataset.figure];
    layout.template = page.looks[root.dataset.theme];
    plot.style.height = `${layout.height}px`;
    await Plotly.newPlot(plot, data, layout, options(plot.dataset.figure));
  };
  const PAPER = 680; // CSS pixels between the margins of a printed page
  window.addEventListener("beforeprint", () => {
    show("light");
    for (const plot of plots) Plotly.relayout(plot, { width: PAPER });
  });
  window.addEventListener("afterprint", () => {
    show(theme());
    for (const plot of plots) Plotly.relayout(plot, { width: null, autosize: true });
  });

  // ---- tables ---------------------------------------------------------------------------------
  const PAGE = 15;
  const numeral = (value) =>
    Number.isInteger(value) || Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString("en")
      : String(Number(value.toPrecision(4)));
  const written = {
    share: (value) => `${(100 * value).toFixed(1)}%`,
    dollars: (value) => (value < 0 ? "-$" : "$") + numeral(Math.abs(value)),
    number: numeral,
    text: String,
  };
  const shown = (value, kind) => {
    if (value === null) return "–";
    if (typeof value === "number") return written[kind](value);
    return String(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d).*$/, "$1 $2");
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  };
  const quoted = (value) => {
    if (value === null) return "";
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value); // no formulas
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = ({ columns, values }) => {
    const lines = [columns.map(quoted).join(",")];
    for (let row = 0; row < (values[0]?.length ?? 0); row++) lines.push(values.map((column) => quoted(column[row])).join(","));
    return lines.join("\r\n") + "\r\n";
  };
  const save = (name, text) => {
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  class Table {
    constructor(place) {
      this.name = place.dataset.table;
      this.table = page.tables[this.name];
      this.rows = [...(this.table.values[0] ?? []).keys()];
      this.sorted = { column: -1, down: false };
      this.at = 0;
      this.build(place);
      this.render();
    }

    build(place) {
      const label = place.dataset.label;
      this.filter = make("input", { type: "search", placeholder: "Filter: words, or size>500", oninput: () => this.refilter() });
      this.filter.setAttribute("aria-label", `Filter: ${label}`);
      this.count = make("span", {});
      this.count.setAttribute("role", "status");
      this.back = make("button", { type: "button", textContent: "Previous", onclick: () => this.turn(-1) });
      this.on = make("button", { type: "button", textContent: "Next", onclick: () => this.turn(1) });
      const download = make("button", { type: "button", textContent: "CSV", onclick: () => save(`${this.name}.csv`, csv(this.table)) });
      download.setAttribute("aria-label", `Download as CSV: ${label}`);
      this.heads = this.table.titles.map((title, column) => this.head(title, column));
      this.body = make("tbody");
      const scroll = make("div", { className: "scroll", tabIndex: 0 },
        make("table", {}, make("thead", {}, make("tr", {}, ...this.heads)), this.body));
      scroll.setAttribute("role", "region");
      scroll.setAttribute("aria-label", label);
      const long = this.rows.length > PAGE;
      place.replaceChildren(make("div", { className: "bar" }, ...(long ? [this.filter] : []), download),
        scroll, make("div", { className: "bar" }, this.count, ...(long ? [this.back, this.on] : [])));
    }

    head(title, column) {
      const head = make("th", { scope: "col", className: this.table.kinds[column] !== "text" ? "num" : "" },
        make("button", { type: "button", textContent: title, title: this.table.columns[column], onclick: () => this.sort(column) }));
      head.setAttribute("aria-sort", "none");
      return head;
    }

    sort(column) {
      const down = this.sorted.column === column && !this.sorted.down;
      this.sorted = { column, down };
      const values = this.table.values[column];
      this.rows.sort((a, b) => (values[a] === null || values[b] === null ? compare(values[a], values[b]) : (down ? -1 : 1) * compare(values[a], values[b])));
      this.heads.forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : down ? "descending" : "ascending"));
      this.at = 0;
      this.render();
    }

    refilter() {
      const tests = this.filter.value.trim().split(/\s+/).filter(Boolean).map((word) => this.test(word));
      const all = [...(this.table.values[0] ?? []).keys()];
      this.rows = all.filter((row) => tests.every((passes) => passes(row)));
      const { column, down } = this.sorted;
      this.at = 0;
      if (column >= 0) {
        this.sorted = { column, down: !down };
        this.sort(column);
      } else this.render();
    }

    test(word) {
      const match = /^(.+?)(<=|>=|<|>|=)(-?[\d.]+)$/.exec(word);
      const values = match && this.table.values[this.table.columns.indexOf(match[1])];
      if (values) {
        const limit = Number(match[3]);
        const holds = { "<": (v) => v < limit, ">": (v) => v > limit, "<=": (v) => v <= limit, ">=": (v) => v >= limit, "=": (v) => v === limit }[match[2]];
        return (row) => values[row] !== null && holds(values[row]);
      }
      const wanted = word.toLowerCase();
      return (row) => this.table.values.some((column, i) => shown(column[row], this.table.kinds[i]).toLowerCase().includes(wanted));
    }

    turn(by) {
      this.at += by * PAGE;
      this.render();
    }

    render() {
      const some = this.rows.slice(this.at, this.at + PAGE);
      this.body.replaceChildren(...some.map((row) => make("tr", {}, ...this.table.values.map((column, i) =>
        make("td", { className: this.table.kinds[i] !== "text" ? "num" : "", textContent: shown(column[row], this.table.kinds[i]) })))));
      const of = this.rows.length.toLocaleString("en");
      this.count.textContent = some.length ? `Rows ${this.at + 1} to ${this.at + some.length} of ${of}` : "No rows";
      this.back.disabled = this.at === 0;
      this.on.disabled = this.at + PAGE >= this.rows.length;
    }
  }
  for (const place of document.querySelectorAll(".table")) {
    const details = place.dataset.lazy === undefined ? null : place.closest("details");
    if (details) details.addEventListener("toggle", () => new Table(place), { once: true });
    else new Table(place);
  }

  // ---- glossary -------------------------------------------------------------------------------
  const tip = document.getElementById("tip");
  const explain = (term) => {
    tip.textContent = document.querySelector(`${term.getAttribute("href")} dd`).textContent;
    tip.hidden = false;
    const place = term.getBoundingClientRect();
    const left = Math.min(place.left, root.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${place.bottom + 6 + scrollY}px`;
    term.setAttribute("aria-describedby", "tip");
  };
  const hush = () => { tip.hidden = true; };
  for (const term of document.querySelectorAll(".term")) {
    for (const event of ["mouseenter", "focus"]) term.addEventListener(event, () => explain(term));
    for (const event of ["mouseleave", "blur"]) term.addEventListener(event, hush);
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hush(); });

  // ---- start ----------------------------------------------------------------------------------
  (async () => {
    show(theme());
    for (const plot of plots) {
      await draw(plot);
      await new Promise((next) => setTimeout(next)); // leaves the page to the reader between charts
    }
    root.dataset.ready = "true";
  })();
})();
