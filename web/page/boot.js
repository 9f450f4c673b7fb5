// Starts the dashboard. The name of the WebAssembly file holds its hash and is put in when this is bundled.

import init from "wasm-glue";

init({ module_or_path: WASM_ADDRESS }).catch(() => {
  const splash = document.getElementById("splash");
  splash.textContent = "The dashboard could not be loaded. Reload the page to try again.";
  splash.setAttribute("role", "alert");
});
