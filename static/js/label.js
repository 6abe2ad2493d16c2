// The labeling screen: what runs on it, each behaviour in a module of its own.

import "./answer.js";
import "./csrf.js";
import "./heartbeat.js";
import "./keys.js";
import "./reveal.js";
import "./save.js";
import { attach } from "./player.js";
import "./stage.js";
import "./stopwatch.js";
import "./timeline.js";

attach();
document.addEventListener("htmx:afterSettle", attach);
