// The module that a page loads: it defines the element, once.

import { PortcullisPlayer } from "./element.js";
import { explain } from "./reasons.js";

if (!customElements.get("portcullis-player")) customElements.define("portcullis-player", PortcullisPlayer);

export { PortcullisPlayer, explain };
