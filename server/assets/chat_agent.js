// The agent's side.

const desk = { agent: stored.get("agent") || "demo", status: "offline", tickets: new Map(), open: null, owner: null, stopQueue: null, stopTalk: null, beat: null };
const heard = new Lines($("d-talk"), {});
const agentPath = (rest) => "/v1/agents/" + encodeURIComponent(desk.agent) + rest;
const actPath = (what, id) => agentPath("/conversations/" + encodeURIComponent(id || desk.open) + "/" + what);

async function presence(status) {
  desk.agent = $("agent-id").value.trim() || "demo";
  stored.set("agent", desk.agent);
  try {
    try {
      await api("GET", agentPath(""));
    } catch (e) {
      if (e.code !== "unknown_item") throw e;
      await api("PUT", agentPath(""), { name: desk.agent, capacity: 5 });
    }
    desk.status = (await api("PUT", agentPath("/presence"), { status })).status;
    tell("");
  } catch (e) {
    return e.code === "not_configured" ? tell(say("notSet"), "bad") : failed(e);
  }
  showPresence();
  clearInterval(desk.beat);
  if (status !== "offline") desk.beat = setInterval(() => api("POST", agentPath("/heartbeat")).catch(lost), 30000);
  if (!desk.stopQueue) watchQueues();
}

function lost(e) {
  if (e.code === "agent_not_there") { desk.status = "offline"; clearInterval(desk.beat); showPresence(); }
}

function showPresence() {
  for (const b of $("presence").querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.dataset.status === desk.status));
}

function unwatchQueues() {
  if (desk.stopQueue) desk.stopQueue();
  desk.stopQueue = null;
}

function watchQueues() {
  unwatchQueues();
  desk.tickets.clear();
  showTickets();
  desk.stopQueue = listen(agentPath("/events"), () => null, (u) => {
    if (u.conversation) {
      if (u.ticket) desk.tickets.set(u.conversation, u.ticket);
      else desk.tickets.delete(u.conversation);
      showTickets();
      if (u.conversation === desk.open) refreshOpen();
    } else if (u.agent_id === desk.agent && u.agent) {
      desk.status = u.agent.status;
      showPresence();
    }
  }, (up, problem) => { if (!up) { desk.tickets.clear(); if (problem) { desk.stopQueue = null; if (problem.code === "not_configured") tell(say("notSet"), "bad"); else failed(problem); } } });
}

function ticketRow(t) {
  const row = el("li", undefined, "ticket" + (t.conversation === desk.open ? " open" : ""));
  const pick = button("", () => openTalk(t.conversation), "pick");
  const title = el("strong", t.conversation);
  const mood = t.emotions.length ? t.emotions[t.emotions.length - 1].label : "";
  pick.append(title, el("span", [t.queue, t.tier, t.why, mood].filter(Boolean).join(" · "), "soft"));
  row.append(pick);
  if (t.urgent) title.append(el("small", say("urgent"), "tag bad"));
  if (t.state === "waiting") row.append(button(say("claim"), () => act("claim", { token: t.token }, t.conversation), "main"));
  else row.append(el("small", t.agent === desk.agent ? say("mine") : t.agent, "tag"));
  return row;
}

function showTickets() {
  const list = [...desk.tickets.values()].sort((a, b) => (a.state === b.state ? a.asked.localeCompare(b.asked) : a.state === "waiting" ? -1 : 1));
  const waiting = list.filter((t) => t.state === "waiting").length;
  $("d-count").textContent = waiting ? waiting + " " + say("waits") : "";
  $("d-badge").textContent = waiting || "";
  $("d-badge").hidden = !waiting;
  $("d-tickets").replaceChildren(...(list.length ? list.map(ticketRow) : [el("li", say("nobody"), "soft")]));
}

// act does what an agent may do; the token says on which state it is based.
async function act(what, body, id) {
  try {
    const held = await api("POST", actPath(what, id), { id: "a-" + newID(), ...body });
    tell("");
    if (what === "claim") await openTalk(held.conversation);
    desk.owner = held.owner;
    refreshOpen();
    return true;
  } catch (e) {
    failed(e);
    if (e.code === "stale_owner") refreshOpen();
    return false;
  }
}

function unfollowTalk() {
  if (desk.stopTalk) desk.stopTalk();
  desk.stopTalk = null;
}

async function openTalk(id) {
  if (id === desk.open && desk.stopTalk) return;
  unfollowTalk();
  desk.open = id;
  let ended = false;
  desk.stopTalk = () => { ended = true; };
  heard.clear();
  $("d-open").hidden = false;
  $("d-none").hidden = true;
  showTickets();
  const base = "/v1/conversations/" + encodeURIComponent(id);
  try {
    for (let more = true; more;) {
      const part = await api("GET", base + "/messages?limit=200&after=" + heard.last);
      part.events.forEach((ev) => heard.add(ev));
      more = part.more && part.events.length > 0 && !ended;
    }
  } catch (e) { failed(e); }
  if (ended) return; // another conversation was opened meanwhile
  heard.toEnd();
  desk.stopTalk = listen(base + "/events", () => heard.last, (ev) => { if (heard.add(ev)) refreshOpen(); }, () => {});
  refreshOpen();
}

let opening = null;
function refreshOpen() { // several changes in a row are one refresh
  clearTimeout(opening);
  opening = setTimeout(loadOpen, 60);
}

async function loadOpen() {
  const id = desk.open;
  if (!id) return;
  const p = await api("GET", "/v1/conversations/" + encodeURIComponent(id) + "/package?language=" + page.lang).catch((e) => { failed(e); return null; });
  if (!p || id !== desk.open) return;
  desk.owner = p.owner;
  showPackage(p);
}

function showPackage(p) {
  const mine = desk.owner.kind === "agent" && desk.owner.agent === desk.agent;
  $("d-title").textContent = p.conversation + " · " + ownerText(desk.owner);
  for (const b of document.querySelectorAll("#d-acts button, #d-send, #d-text")) b.disabled = !mine;
  $("d-claim").hidden = mine;
  $("d-claim").disabled = desk.owner.kind === "agent";
  $("d-summary").textContent = p.summary.text || say("none");
  $("d-facts").replaceChildren(facts([[say("customer"), [p.customer.name, p.customer.id].filter(Boolean).join(" · ")], [say("tier"), p.customer.tier || ""],
    [say("queue"), p.queue], [say("task"), (p.tasks || []).map((t) => t.title || t.name).join(", ")],
    ...(p.slots || []).map((f) => [f.title || f.name, f.value])]));
  $("d-tried").replaceChildren(...(p.tried || []).map((t) => el("span", t.title || t.name, "chip")), ...(p.notes || []).map((n) => el("p", "“" + n + "”")));
  $("d-trend").replaceChildren((p.emotion.points || []).length ? trend(p.emotion.points) : el("span"), el("span", p.emotion.now ? p.emotion.now.title || p.emotion.now.name : "", "soft"));
  $("d-suggest").replaceChildren(...(p.suggestions || []).map((s) => button(s.reply.text, () => { if (!$("d-text").disabled) { $("d-text").value = s.reply.text; $("d-text").dataset.used = s.id; $("d-text").focus(); } })));
}

async function sayTyped() {
  const text = $("d-text").value.trim();
  if (!text || !desk.owner) return;
  if (await act("say", { token: desk.owner.token, text, suggested: $("d-text").dataset.used || "" })) {
    $("d-text").value = "";
    delete $("d-text").dataset.used;
  }
  $("d-text").focus();
}

$("presence").addEventListener("click", (e) => { if (e.target.dataset.status) presence(e.target.dataset.status); });
$("d-send").addEventListener("click", sayTyped);
enterSends($("d-text"), sayTyped);
$("d-claim").addEventListener("click", () => act("claim", { token: desk.owner ? desk.owner.token : 0 }));
$("d-acts").addEventListener("click", (e) => {
  const what = e.target.dataset.act;
  if (!what || !desk.owner) return;
  if (what === "transfer") {
    if ($("d-queue").value) act("transfer", { token: desk.owner.token, queue: $("d-queue").value });
    return;
  }
  act(what, { token: desk.owner.token });
});

async function listQueues() {
  try {
    const stats = await api("GET", "/v1/queues");
    $("d-queue").replaceChildren(...Object.keys(stats.queues || {}).sort().map((q) => el("option", q)));
  } catch { /* shown when the agent goes online */ }
}
