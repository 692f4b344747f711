// The side panel: what a message was taken to mean, what was decided and why, and what the robot knows now.

function meterRow(label, score) {
  const row = el("div", undefined, "score"), meter = el("meter");
  meter.value = score;
  row.append(el("span", label), meter, el("span", (100 * score).toFixed(0) + "%"));
  return row;
}

function facts(pairs) {
  const list = el("dl", undefined, "facts");
  for (const [name, value] of pairs) if (value) list.append(el("dt", name), el("dd", value));
  return list;
}

function panelUnderstood(m) {
  const nodes = [];
  if (!m.text) return [el("p", say("noText"), "soft")];
  if (!m.intents.length) nodes.push(el("p", say("notUnderstood"), "bad"));
  for (const i of m.intents) nodes.push(el("p", i.name, "good strong"));
  for (const r of (m.ranking || []).slice(0, 4)) nodes.push(meterRow(r.name, r.score));
  nodes.push(meterRow(say("oos"), m.out_of_scope));
  return nodes;
}

function panelEntities(list) {
  if (!list || !list.length) return [el("p", say("none"), "soft")];
  return list.map((x) => {
    const chip = el("span", x.text, "chip");
    chip.append(el("small", x.type));
    return chip;
  });
}

// trend draws the emotions of a conversation: a bar each, red above the line for bad ones.
function trend(points) {
  const box = el("div", undefined, "trend");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", points.map((p) => p.label).join(", "));
  for (const p of points.slice(-16)) {
    const bar = el("span", undefined, "point " + (p.valence || "neutral"));
    bar.style.height = Math.round(6 + 26 * p.intensity) + "px";
    bar.title = p.label + " " + Math.round(100 * p.intensity) + "%";
    box.append(bar);
  }
  return box;
}

function panelSlots(slots) {
  const names = Object.keys(slots || {});
  return names.length ? [facts(names.sort().map((n) => [n, slots[n].value]))] : [el("p", say("none"), "soft")];
}

function ownerText(o) {
  if (o.kind === "agent") return say("agent") + " " + o.agent;
  return o.kind === "queue" ? say("queue") + " " + o.queue : say("robot");
}

// showTurn fills the panel from a turn's event.
function showTurn(ev) {
  if (!ev || !ev.message) return;
  const m = ev.message, d = ev.decision || {};
  $("p-intents").replaceChildren(...panelUnderstood(m));
  $("p-entities").replaceChildren(...panelEntities(m.entities));
  $("p-emotion").replaceChildren(...(m.emotion ? [el("p", m.emotion.label, "strong"), meterRow(m.emotion.valence || "", m.emotion.intensity)] : [el("p", say("none"), "soft")]));
  const calls = (ev.calls || []).map((c) => c.name + " → " + c.status + " (" + c.ms.toFixed(0) + " ms)").join(", ");
  $("p-decision").replaceChildren(el("p", d.action + " · " + d.reason, "strong"), el("p", d.why || "", "soft"),
    facts([[say("task"), d.task], [page.lang === "zh" ? "意图" : "intents", (d.intents || []).join(", ")], [page.lang === "zh" ? "系统调用" : "calls", calls],
      [page.lang === "zh" ? "话术" : "scripts", ev.replies.map((r) => r.script && r.script.key).filter(Boolean).join(", ")],
      [page.lang === "zh" ? "耗时" : "time", ev.timings_ms ? Object.entries(ev.timings_ms).map(([k, v]) => k + " " + v.toFixed(1)).join(", ") + " ms" : ""]]));
}

// showState fills the panel from the conversation.
function showState(c) {
  const tasks = c.tasks.map((t) => t.task + (t.paused ? "（" + say("paused") + "）" : "")).join(", ");
  $("p-slots").replaceChildren(...panelSlots(c.slots));
  $("p-owner").replaceChildren(facts([[page.lang === "zh" ? "在说话" : "speaks", ownerText(c.owner)], [say("task"), tasks],
    [say("asked"), c.asked ? [c.asked.kind, c.asked.slot].filter(Boolean).join(" ") : ""], [say("tier"), c.tier || ""]]));
  $("p-trend").replaceChildren(c.emotions.length ? trend(c.emotions) : el("span"));
}
