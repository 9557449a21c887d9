"use strict";
// The page can be read without this. It finds, sorts, opens what a link leads to,
// moves between the cells of the heat map, and remembers the colours.
(() => {
  const root = document.documentElement;
  const all = (s, in_ = document) => [...in_.querySelectorAll(s)];
  const one = (s) => document.querySelector(s);
  root.classList.add("on");

  // Colours: the style does the work, this only remembers. Storage may be forbidden.
  const key = "podlab-theme";
  try {
    const kept = localStorage.getItem(key);
    all(".theme input").forEach((i) => { if (i.id === kept) i.checked = true; });
    all(".theme input").forEach((i) => i.addEventListener("change", () => { try { localStorage.setItem(key, i.id); } catch { /* it is not remembered */ } }));
  } catch { /* it is not remembered */ }

  // A link into a student's section opens it.
  const reveal = () => {
    const to = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!to) return;
    const closed = to.closest("details.student");
    if (closed && !closed.open) { closed.open = true; to.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();

  const sections = all("details.student");
  one("#open-all")?.addEventListener("click", () => sections.forEach((d) => { if (!d.hidden) d.open = true; }));
  one("#close-all")?.addEventListener("click", () => sections.forEach((d) => { d.open = false; }));

  const body = one(".heat tbody");
  if (!body) return;
  const rows = all("tr", body);
  const section = new Map(sections.map((d) => [d.dataset.n, d]));
  const find = one("#find"), state = one("#state"), sort = one("#sort"), found = one("#found");

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const r of rows) {
      const text = r.cells[0].textContent.toLowerCase();
      const fits = words.every((w) => text.includes(w)) && (!state.value || state.value === r.dataset.state || state.value === "late" && "late" in r.dataset);
      r.hidden = !fits;
      const d = section.get(r.dataset.n);
      if (d) d.hidden = !fits;
      n += fits;
    }
    found.value = n === rows.length ? "" : `${n} of ${rows.length}`;
  };
  find.addEventListener("input", filter);
  state.addEventListener("change", filter);

  // Sorting keeps the order of before among equals.
  const rank = ["fail", "wait", "part", "err", "pass"];
  const order = {
    id: (r) => +r.dataset.n,
    low: (r) => +r.dataset.share,
    high: (r) => -r.dataset.share,
  };
  sort.addEventListener("change", () => {
    const by = order[sort.value] ?? ((r) => {
      const cell = r.cells[1 + +sort.value];
      return cell && rank.findIndex((c) => cell.classList.contains("c-" + c));
    });
    const names = new Intl.Collator();
    const sorted = sort.value === "name"
      ? rows.toSorted((a, b) => names.compare(a.cells[0].textContent, b.cells[0].textContent))
      : rows.map((r) => [by(r) ?? -1, r]).sort((a, b) => a[0] - b[0]).map((x) => x[1]);
    body.append(...sorted);
  });

  // One stop of the Tab key for the whole map; arrows move in it.
  const links = (r) => all("a", r);
  let current = links(rows[0])[0];
  rows.forEach((r) => links(r).forEach((a) => { a.tabIndex = -1; }));
  const go = (a) => { current.tabIndex = -1; current = a; a.tabIndex = 0; };
  go(current);
  body.addEventListener("focusin", (e) => { const a = e.target.closest("a"); if (a) go(a); });
  body.addEventListener("keydown", (e) => {
    const a = e.target.closest("a");
    if (!a || e.ctrlKey || e.altKey || e.metaKey) return;
    const row = a.closest("tr"), seen = all("tr", body).filter((r) => !r.hidden);
    const here = links(row), at = here.indexOf(a), y = seen.indexOf(row);
    const to = {
      ArrowRight: () => here[at + 1],
      ArrowLeft: () => here[at - 1],
      ArrowDown: () => seen[y + 1] && links(seen[y + 1])[at] || seen[y + 1] && links(seen[y + 1])[0],
      ArrowUp: () => seen[y - 1] && links(seen[y - 1])[at] || seen[y - 1] && links(seen[y - 1])[0],
      Home: () => here[0],
      End: () => here[here.length - 1],
    }[e.key];
    if (!to) return;
    e.preventDefault();
    const next = to();
    if (next) { go(next); next.focus(); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  });
})();
