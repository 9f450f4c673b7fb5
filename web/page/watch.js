// The watch page: /watch#stream=NAME&token=…. The token stands in the fragment, which browsers send to nobody.

const find = (id) => document.getElementById(id);
const player = find("player");

function begin() {
  const { stream, token } = fromAddress();
  find("nothing").hidden = Boolean(stream);
  player.hidden = !stream;
  find("help").hidden = true;
  if (!stream) return;
  document.title = `${stream} · Portcullis`;
  find("title").textContent = `Live stream ${stream}`;
  player.setAttribute("label", `Live stream ${stream}`);
  if (token) player.setAttribute("token", token);
  else player.removeAttribute("token");
  player.setAttribute("src", `${location.origin}/live/${encodeURIComponent(stream)}`);
}

function fromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  return { stream: fragment.get("stream") ?? "", token: fragment.get("token") ?? "" };
}

// The id of the token, never the token.
function jtiOf(token) {
  try {
    const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return String(JSON.parse(atob(payload)).jti ?? "–");
  } catch {
    return "–";
  }
}

player.addEventListener("portcullis-state", ({ detail }) => {
  const refused = detail.state === "refused";
  find("help").hidden = !refused;
  document.querySelector("main").toggleAttribute("data-refused", refused);
});

player.addEventListener("portcullis-refused", ({ detail }) => {
  const { stream, token } = fromAddress();
  find("reason").textContent = `${detail.reason} (${detail.code})`;
  // None where a running session was cut.
  find("decision").textContent = detail.decision;
  find("decision").parentElement.hidden = !detail.decision;
  find("stream").textContent = stream;
  find("jti").textContent = jtiOf(token);
  find("time").textContent = new Date().toISOString();
  find("copied").textContent = "";
});

find("copy").addEventListener("click", async () => {
  const lines = [...document.querySelectorAll("#help dl div:not([hidden])")].map((line) => [...line.children].map((cell) => cell.textContent).join(": "));
  try {
    await navigator.clipboard.writeText(lines.join("\n"));
    find("copied").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(document.querySelector("#help dl"));
    find("copied").textContent = "Selected: press Ctrl+C";
  }
});

addEventListener("hashchange", begin);
begin();
