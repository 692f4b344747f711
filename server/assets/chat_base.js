"use strict";
// What both sides of the try-it page share. Everything is put into the page as text, never as HTML.
const $ = (id) => document.getElementById(id);
const page = document.documentElement;
const words = {
  sending: { zh: "正在发送……", en: "Sending…" }, offline: { zh: "连不上服务，正在重连……", en: "The server cannot be reached; trying again…" },
  retry: { zh: "重发", en: "Send again" }, failed: { zh: "没有发出去", en: "Not sent" }, robot: { zh: "机器人", en: "Robot" }, agent: { zh: "人工客服", en: "Agent" },
  customer: { zh: "顾客", en: "Customer" }, erased: { zh: "（内容已应顾客要求删除）", en: "(erased at the customer's wish)" },
  image: { zh: "图片", en: "Picture" }, link: { zh: "链接", en: "Link" }, location: { zh: "位置", en: "Place" }, audio: { zh: "语音", en: "Audio" },
  video: { zh: "视频", en: "Video" }, file: { zh: "文件", en: "File" }, sticker: { zh: "表情", en: "Sticker" }, pressed: { zh: "点了按钮", en: "pressed" },
  queued: { zh: "已转入人工队列", en: "Passed to the queue" }, claimed: { zh: "人工客服接入", en: "An agent has joined" }, transferred: { zh: "已转接", en: "Transferred" },
  released: { zh: "退回队列", en: "Back to the queue" }, returned: { zh: "机器人继续服务", en: "The robot carries on" }, closed: { zh: "会话结束", en: "The conversation is over" },
  rating: { zh: "评价", en: "Rating" }, outbound: { zh: "主动消息", en: "Proactive message" }, receipt: { zh: "回执", en: "Receipt" },
  none: { zh: "没有", en: "none" }, notUnderstood: { zh: "没有听懂", en: "not understood" }, oos: { zh: "超出范围", en: "out of scope" }, noText: { zh: "没有文字", en: "no text" },
  task: { zh: "任务", en: "Task" }, asked: { zh: "等待回答", en: "waits for" }, paused: { zh: "暂停", en: "paused" }, tier: { zh: "等级", en: "tier" },
  queue: { zh: "队列", en: "queue" }, waits: { zh: "人在排队", en: "waiting" }, claim: { zh: "接入", en: "Claim" }, mine: { zh: "我的会话", en: "mine" },
  nobody: { zh: "现在没有人排队。", en: "Nobody is waiting." }, urgent: { zh: "紧急", en: "urgent" }, you: { zh: "您", en: "you" }, up: { zh: "有帮助", en: "helpful" }, down: { zh: "没帮助", en: "not helpful" },
  thanks: { zh: "谢谢评价！", en: "Thank you!" }, choose: { zh: "从左边选一个会话。", en: "Choose a conversation on the left." }, placeAt: { zh: "位置", en: "place" },
  present: { zh: "在线", en: "available" }, away: { zh: "小休", en: "away" }, absent: { zh: "离线", en: "offline" }, notSet: { zh: "这台服务没有开启人工坐席。", en: "This server has no agents." },
};
const say = (key) => (words[key] ? words[key][page.lang] : key);

function el(tag, text, cls) {
  const e = document.createElement(tag);
  if (text !== undefined && text !== null) e.textContent = text;
  if (cls) e.className = cls;
  return e;
}

function button(text, press, cls) {
  const b = el("button", text, cls);
  b.type = "button";
  b.addEventListener("click", press);
  return b;
}

const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");

// stored is this tab's memory: it ends with the tab.
const stored = {
  get(name) { try { return sessionStorage.getItem("yingda." + name); } catch { return null; } },
  set(name, value) { try { sessionStorage.setItem("yingda." + name, value); } catch { /* then it lasts until the page is left */ } },
};

let apiKey = stored.get("key") || "";
const headers = (more) => (apiKey ? { Authorization: "Bearer " + apiKey, ...more } : { ...more });

class Problem extends Error {
  constructor(p) { super(p.detail || p.title || String(p.status)); this.code = p.code; this.status = p.status; this.owner = p.owner; }
}

async function problemOf(r) {
  let p = { status: r.status, title: r.statusText };
  try { p = await r.json(); } catch { /* not ours: the status says it */ }
  if (r.status === 401) $("key-row").hidden = false;
  return new Problem(p);
}

// api calls the server and returns the answer, or throws a Problem.
async function api(method, path, body) {
  const more = body === undefined ? {} : { "Content-Type": "application/json" };
  const r = await fetch(path, { method, headers: headers(more), body: body === undefined ? undefined : JSON.stringify(body) });
  if (!r.ok) throw await problemOf(r);
  return r.json();
}

// listen reads server-sent events until stop is called. fetch is used instead of EventSource because it can send a key.
function listen(path, last, heard, state) {
  let stopped = false, abort = null, wait = 500;
  const pause = () => new Promise((done) => setTimeout(done, wait = Math.min(2 * wait, 10000)));
  const once = async () => {
    abort = new AbortController();
    const query = last() === null ? "" : "?after=" + last();
    const r = await fetch(path + query, { headers: headers({ Accept: "text/event-stream" }), signal: abort.signal });
    if (!r.ok) throw await problemOf(r);
    state(true);
    wait = 500;
    const reader = r.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const line = block.split("\n").find((l) => l.startsWith("data: "));
        if (line) heard(JSON.parse(line.slice(6)));
      }
    }
  };
  (async () => {
    while (!stopped) {
      try {
        await once();
      } catch (e) {
        if (stopped) return;
        if (e instanceof Problem && e.status < 500 && e.status !== 429) return state(false, e);
        state(false);
      }
      if (!stopped) await pause();
    }
  })();
  return () => { stopped = true; if (abort) abort.abort(); };
}

// webAddress accepts what may be opened or shown: addresses of the web and nothing else, above all no script.
function webAddress(text) {
  try {
    const u = new URL(text);
    return (u.protocol === "https:" || u.protocol === "http:") && !u.username && !u.password ? u.href : null;
  } catch {
    return null;
  }
}

function anchor(address, text) {
  const safe = webAddress(address);
  if (!safe) return el("span", text || address, "soft");
  const a = el("a", text || address);
  a.href = safe;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
  return a;
}

// picture shows what the page's policy lets it load, and links the rest.
function picture(address, alt) {
  const safe = webAddress(address);
  if (!safe) return el("span", alt || "", "soft");
  if (!/^https:|^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(safe)) return anchor(safe, "🖼 " + (alt || say("image")));
  const i = el("img", undefined, "picture");
  i.alt = alt || say("image");
  i.referrerPolicy = "no-referrer";
  i.loading = "lazy";
  i.addEventListener("error", () => i.replaceWith(anchor(safe, "🖼 " + i.alt)), { once: true });
  i.src = safe;
  return i;
}

function clock(time) {
  return new Date(time).toLocaleTimeString(page.lang === "zh" ? "zh-CN" : "en-GB", { hour: "2-digit", minute: "2-digit" });
}

function tell(text, cls) {
  $("notice").textContent = text || "";
  $("notice").className = "notice " + (cls || "soft");
}

function failed(e) {
  tell(e instanceof Problem ? e.message + " (" + e.code + ")" : say("offline"), "bad");
}
