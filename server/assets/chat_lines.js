// How a conversation is shown: one block an event, sorted by sequence.

function attachmentLine(a) {
  const name = say(a.type) + (a.caption || a.title ? "：" + (a.caption || a.title) : "");
  if (a.type === "location") return el("div", "📍 " + name + " " + a.lat.toFixed(4) + ", " + a.lon.toFixed(4), "attached");
  const line = el("div", undefined, "attached"); // what customers send is linked, not loaded: the agent decides
  line.append(a.url ? anchor(a.url, "📎 " + name) : el("span", "📎 " + name));
  return line;
}

function cardBlock(card) {
  const box = el("div", undefined, "product");
  if (card.image) box.append(picture(card.image, card.title));
  const text = el("div");
  text.append(card.link ? anchor(card.link, card.title) : el("strong", card.title));
  if (card.subtitle) text.append(el("div", card.subtitle, "soft"));
  box.append(text);
  return box;
}

// replyBlock shows one bubble to the customer. press gets the button that was chosen; without it buttons are only shown.
function replyBlock(r, press) {
  const box = el("div", undefined, "bubble");
  if (r.text) box.append(el("div", r.text, "words"));
  if (r.image) box.append(picture(r.image));
  for (const address of r.links || []) box.append(el("div")), box.lastChild.append(anchor(address));
  for (const card of r.cards || []) box.append(cardBlock(card));
  if (r.buttons && r.buttons.length) {
    const row = el("div", undefined, "choices");
    for (const b of r.buttons) {
      const choice = button(b.title, () => press && press(b));
      choice.disabled = !press;
      row.append(choice);
    }
    box.append(row);
  }
  return box;
}

const systemKinds = ["queued", "claimed", "transferred", "released", "returned", "closed"];

function systemLine(ev) {
  const h = ev.hand || {};
  const to = [h.queue, h.agent].filter(Boolean).join(" · ");
  return el("div", say(ev.kind) + (to ? "（" + to + "）" : ""), "system");
}

function starLine(ev) {
  const r = ev.rating || {};
  const mark = r.score ? "★".repeat(r.score) + "☆".repeat(5 - r.score) : r.thumb > 0 ? "👍" : r.thumb < 0 ? "👎" : "";
  return el("div", say("rating") + " " + mark + (r.text ? " " + r.text : ""), "system");
}

// title is what a button with the payload was called; customers read that, not the payload.
function customerBubble(ev, title) {
  const m = ev.message, box = el("div", undefined, "bubble");
  if (ev.erased) box.append(el("div", say("erased"), "soft"));
  if (m.text) box.append(el("div", m.text, "words"));
  for (const a of m.attachments || []) box.append(attachmentLine(a));
  if (m.payload && !m.text) box.append(el("div", title(m.payload) || say("pressed") + " " + m.payload, "words"));
  return box;
}

function said(who, name, time, ...bubbles) {
  const line = el("div", undefined, "line " + who);
  const meta = el("div", undefined, "meta");
  meta.append(el("span", name), el("time", clock(time)));
  line.append(meta, ...bubbles);
  return line;
}

// eventBlock shows an event. o.press answers buttons, o.pick shows what a turn was taken to mean, o.thumb judges a turn.
function eventBlock(ev, o) {
  const box = el("div", undefined, "event");
  box.dataset.seq = ev.seq;
  box.dataset.id = ev.id;
  if (ev.message) {
    const line = said("customer", say("customer"), ev.time, customerBubble(ev, o.title));
    if (o.pick) {
      const b = button("ⓘ", () => o.pick(ev), "plain info");
      b.setAttribute("aria-label", page.lang === "zh" ? "这句话是怎样理解的" : "how this was understood");
      line.firstChild.append(b);
    }
    box.append(line);
  }
  if (ev.replies.length) {
    const person = ev.kind === "agent";
    const name = person ? say("agent") + " " + (ev.agent || "") : say("robot") + (ev.kind === "outbound" ? " · " + say("outbound") : "");
    const line = said(person ? "agent" : "robot", name, ev.time, ...ev.replies.map((r) => replyBlock(r, o.press)));
    if (o.thumb && ev.kind === "turn") line.append(thumbs(ev, o.thumb));
    box.append(line);
  }
  if (systemKinds.includes(ev.kind)) box.prepend(systemLine(ev));
  if (ev.kind === "rating") box.append(starLine(ev));
  return box;
}

function thumbs(ev, judge) {
  const row = el("div", undefined, "thumbs");
  for (const [mark, score, name] of [["👍", 1, "up"], ["👎", -1, "down"]]) {
    const b = button(mark, () => { judge(ev, score); row.replaceChildren(el("span", say("thanks"), "soft")); }, "plain");
    b.setAttribute("aria-label", say(name));
    row.append(b);
  }
  return row;
}

// Lines is a list of events on the page.
class Lines {
  constructor(box, options) { this.box = box; this.options = { ...options, title: (payload) => this.titles.get(payload) }; this.clear(); }
  clear() { this.events = new Map(); this.titles = new Map(); this.last = 0; this.box.replaceChildren(); }
  has(ev) { return this.events.has(ev.seq); }
  add(ev) {
    if (this.has(ev)) return false;
    const near = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 120;
    this.events.set(ev.seq, ev);
    for (const r of ev.replies) for (const b of r.buttons || []) this.titles.set(b.payload, b.title);
    this.last = Math.max(this.last, ev.seq);
    const block = eventBlock(ev, this.options);
    const after = [...this.box.children].find((b) => Number(b.dataset.seq || Infinity) > ev.seq);
    this.box.insertBefore(block, after || null);
    if (near) this.toEnd();
    return true;
  }
  toEnd() { this.box.scrollTop = this.box.scrollHeight; }
  redraw() { // after a change of language
    const pending = [...this.box.querySelectorAll(".pending")];
    this.box.replaceChildren(...[...this.events.values()].sort((a, b) => a.seq - b.seq).map((ev) => eventBlock(ev, this.options)), ...pending);
    this.toEnd();
  }
}
