"use strict";
(() => {
  const root = document.documentElement;
  const page = JSON.parse(document.getElementById("data").textContent);

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
    plot.on("plotly_click", ({ points: [point] }) => {
      if (point.data.meta !== "trials") return;
      tables.trials?.look(`number=${point.customdata[0]}`);
      if (tables.turns) readTrial(point.customdata[0]);
    });
    for (const svg of plot.querySelectorAll(".main-svg")) svg.setAttribute("aria-hidden", "true"); // the text below it says the same
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
  const tables = {}; // those that always show, by name
  for (const place of document.querySelectorAll(".table")) {
    const details = place.dataset.lazy === undefined ? null : place.closest("details");
    if (details) details.addEventListener("toggle", () => new Table(place, page.tables[place.dataset.table]), { once: true });
    else tables[place.dataset.table] = new Table(place, page.tables[place.dataset.table]);
  }

  // ---- transcripts ----------------------------------------------------------------------------
  const opened = document.getElementById("turn");
  const part = (title, text) => (text ? [make("h4", { textContent: title }), make("pre", { textContent: text, tabIndex: 0 })] : []);
  const read = (row) => {
    const { columns, values } = page.tables.turns;
    const of = (name) => values[columns.indexOf(name)][row];
    const turn = page.transcripts.turns[row];
    opened.replaceChildren(
      make("h3", { textContent: `Episode ${of("episode")}, round ${of("round")}, agent ${of("agent")}: ${of("mechanism")}` }),
      make("p", { className: "note", textContent: `${turn.model}, ${turn.at}` }),
      ...part("Invalid", of("problem")), ...part("Thoughts", of("thoughts")), ...part("Reasoning", turn.reasoning),
      ...part("Answer", of("answer")), ...part("Failed calls before it", turn.faults),
      ...turn.messages.flatMap(([role, text]) => part(`Message (${role})`, page.transcripts.texts[text])));
    opened.hidden = false;
    opened.focus();
    opened.scrollIntoView({ block: "start" });
  };
  if (tables.turns) tables.turns.onread = read;
  for (const button of document.querySelectorAll("[data-turn]")) button.addEventListener("click", () => read(Number(button.dataset.turn)));
  const readTrial = (trial) => { // shows the turns of a trial's mechanism, the first of them in full
    const { columns, values } = page.tables.trials;
    const row = values[columns.indexOf("number")].indexOf(trial);
    tables.turns.look(values[columns.indexOf("mechanism")][row] ?? "");
    if (tables.turns.rows.length) read(tables.turns.rows[0]);
  };

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
