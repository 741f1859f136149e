"use strict";
// A table that sorts, filters, turns pages, and hands out its data as CSV.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const ROWS = 15; // on a page
const numeral = (value) =>
  Number.isInteger(value) || Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(4)));
const written = {
  share: (value) => `${(100 * value).toFixed(1)}%`,
  dollars: (value) => Math.abs(value) < 0.005 ? "$0" : (value < 0 ? "-$" : "$") + numeral(Math.abs(value)),
  number: numeral,
  text: String,
};
const shown = (value, kind) => {
  if (value === null) return "–";
  if (typeof value === "number") return written[kind](value);
  return String(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d).*$/, "$1 $2");
};
const BRIEF = 240; // signs of a cell
const brief = (text) => (text.length > BRIEF ? `${text.slice(0, BRIEF - 1)}…` : text);
const compare = (a, b) => {
  if (a === null || b === null) return (a === null) - (b === null);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
};
const quoted = (value) => {
  if (value === null) return "";
  // no formulas, not even where a spreadsheet splits at semicolons or tabs, or a cell at its lines
  const text = typeof value === "string" ? value.replace(/(?<=^|[;\t\r\n])(?=[ ]*[=+\-@\t\r＝＋－＠])/g, "'") : String(value);
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
  constructor(place, table) {
    this.name = place.dataset.table;
    this.table = table;
    this.rows = [...(this.table.values[0] ?? []).keys()];
    this.sorted = { column: -1, down: false };
    this.at = 0;
    this.build(place);
    this.render();
  }

  build(place) {
    const label = place.dataset.label;
    this.filter = make("input", { type: "search", placeholder: "Filter", oninput: () => this.refilter() });
    this.filter.setAttribute("aria-label", `Filter: ${label}`);
    this.count = make("span", {});
    this.count.setAttribute("role", "status");
    this.back = make("button", { type: "button", textContent: "Previous", onclick: () => this.turn(-1) });
    this.on = make("button", { type: "button", textContent: "Next", onclick: () => this.turn(1) });
    const download = make("button", { type: "button", textContent: "CSV", onclick: () => save(`${this.name}.csv`, csv(this.table)) });
    download.setAttribute("aria-label", `Download as CSV: ${label}`);
    this.looks = this.table.kinds.map((kind, i) => {
      if (kind !== "text") return "num";
      return this.table.values[i].some((value) => typeof value === "string" && value.length > 40) ? "words" : "";
    });
    this.heads = this.table.titles.map((title, column) => this.head(title, column));
    this.action = place.dataset.action; // of each row: a button, which calls onread with the row
    this.body = make("tbody");
    const scroll = make("div", { className: "scroll", tabIndex: 0 },
      make("table", {}, make("thead", {}, make("tr", {}, ...(this.action ? [make("td", {})] : []), ...this.heads)), this.body));
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", label);
    const long = this.rows.length > ROWS || this.action || this.name === "trials";
    place.replaceChildren(make("div", { className: "bar" }, ...(long ? [this.filter] : []), download),
      scroll, make("div", { className: "bar" }, this.count, ...(long ? [this.back, this.on] : [])));
  }

  head(title, column) {
    const head = make("th", { scope: "col", className: this.looks[column] },
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

  opener(row) {
    if (!this.action) return [];
    return [make("td", {}, make("button", { type: "button", textContent: this.action, onclick: () => this.onread(row) }))];
  }

  look(filter) {
    this.filter.value = filter;
    this.refilter();
    this.filter.scrollIntoView({ block: "center" });
    this.filter.focus();
  }

  turn(by) {
    this.at += by * ROWS;
    this.render();
  }

  render() {
    const some = this.rows.slice(this.at, this.at + ROWS);
    this.body.replaceChildren(...some.map((row) => make("tr", {}, ...this.opener(row), ...this.table.values.map((column, i) =>
      make("td", { className: this.looks[i], textContent: brief(shown(column[row], this.table.kinds[i])) })))));
    const of = this.rows.length.toLocaleString("en");
    this.count.textContent = some.length ? `Rows ${this.at + 1} to ${this.at + some.length} of ${of}` : "No rows";
    this.back.disabled = this.at === 0;
    this.on.disabled = this.at + ROWS >= this.rows.length;
  }
}
