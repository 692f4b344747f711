"use strict";
// The try-it form. Everything is put into the page as text, never as HTML.
const $ = (id) => document.getElementById(id);
const words = {
  none: { zh: "没有听懂", en: "Not understood" }, clause: { zh: "原文", en: "clause" }, oos: { zh: "超出范围", en: "out of scope" },
  empty: { zh: "没有", en: "none" }, busy: { zh: "正在理解……", en: "Working…" }, failed: { zh: "连不上服务", en: "The server cannot be reached" },
  intensity: { zh: "强度", en: "intensity" }, type: { zh: "类型", en: "Type" }, text: { zh: "原文", en: "Text" }, value: { zh: "值", en: "Value" },
  role: { zh: "角色", en: "Role" }, score: { zh: "分数", en: "Score" }, source: { zh: "来源", en: "Source" },
};
const page = document.documentElement;
const say = (key) => words[key][page.lang];
let last = null;

function el(tag, text, cls) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (cls) e.className = cls;
  return e;
}

function bar(label, score) {
  const row = el("div", undefined, "score"), meter = el("meter");
  meter.value = score;
  row.append(el("span", label), meter, el("span", (100 * score).toFixed(1) + "%"));
  return row;
}

function marked(a) {
  const nodes = [];
  let at = 0;
  for (const ent of a.entities) {
    const mark = el("mark", a.text.slice(ent.start, ent.end));
    mark.append(el("small", ent.type));
    nodes.push(a.text.slice(at, ent.start), mark);
    at = ent.end;
  }
  nodes.push(a.text.slice(at));
  $("marked").replaceChildren(...nodes);
}

function intents(a) {
  const nodes = [];
  if (!a.understood) nodes.push(el("p", say("none"), "bad"));
  for (const i of a.intents) {
    nodes.push(el("strong", i.name, "good"));
    if (a.intents.length > 1) nodes.push(el("p", say("clause") + ": " + i.text, "soft"));
    else nodes.push(el("p", ""));
  }
  for (const r of a.ranking) nodes.push(bar(r.name, r.score));
  nodes.push(bar(say("oos"), a.out_of_scope));
  $("intents").replaceChildren(...nodes);
}

function emotion(e) {
  if (!e) return $("emotion").replaceChildren(el("p", say("empty"), "soft"));
  const nodes = [el("strong", e.label + (e.valence && e.valence !== e.label ? " (" + e.valence + ")" : "")), bar(say("intensity"), e.intensity)];
  for (const r of e.ranking.slice(0, 5)) nodes.push(bar(r.label, r.score));
  $("emotion").replaceChildren(...nodes);
}

function entities(list) {
  if (!list.length) return $("entities").replaceChildren(el("p", say("empty"), "soft"));
  const table = el("table"), head = el("tr");
  for (const key of ["type", "text", "value", "role", "score", "source"]) head.append(el("th", say(key)));
  table.append(head);
  for (const x of list) {
    const row = el("tr"), value = typeof x.value === "string" ? x.value : JSON.stringify(x.value);
    for (const cell of [x.type, x.text, value, x.role || "", x.score.toFixed(2), x.source + (x.rule ? " · " + x.rule : "")]) row.append(el("td", cell));
    table.append(row);
  }
  $("entities").replaceChildren(table);
}

function show(a) {
  marked(a);
  intents(a);
  emotion(a.emotion);
  entities(a.entities);
  $("timings").replaceChildren(...Object.entries(a.timings_ms).map(([k, v]) => el("div", k + " " + v + " ms")), el("p", a.bundle, "soft"));
  $("json").textContent = JSON.stringify(a, null, 2);
  $("result").hidden = false;
}

function state(text, cls) {
  $("state").textContent = text;
  $("state").className = cls || "soft";
}

async function go() {
  state(say("busy"));
  try {
    const body = JSON.stringify({ text: $("text").value, span_unit: "utf16" });
    const r = await fetch("/v1/parse", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = await r.json();
    if (!r.ok) return state(answer.detail + " (" + answer.code + ")", "bad");
    last = answer;
    show(answer);
    state("");
  } catch (e) {
    state(say("failed"), "bad");
  }
}

function language(lang) {
  page.lang = lang;
  if (last) show(last);
}

$("go").addEventListener("click", go);
$("text").addEventListener("keydown", (e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) go(); });
$("lang").addEventListener("click", () => language(page.lang === "zh" ? "en" : "zh"));
$("examples").addEventListener("click", (e) => {
  if (e.target.tagName !== "BUTTON") return;
  $("text").value = e.target.textContent;
  go();
});
language(navigator.language.startsWith("zh") ? "zh" : "en");
