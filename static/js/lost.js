// Say that the clip on the stage went to somebody else, as soon as it is known. Enter still keeps the answer.

import { say } from "./say.js";

document.addEventListener("claim:lost", (event) => say("claim", event.detail.detail));
