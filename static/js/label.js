// The labeling screen: what runs on it, each behaviour in a module of its own.

import "./answer.js";
import "./draft.js";
import "./heartbeat.js";
import "./kept.js";
import "./keys.js";
import "./login.js";
import "./lost.js";
import "./player.js";
import "./reveal.js";
import "./saved.js";
import "./stage.js";
import "./submit.js";
import "./ties.js";
import "./timeline.js";
import "./undo.js";
import "./width.js";
import "./zoom.js";
import { claims } from "./outbox.js";
import { advance, onStage, refill } from "./reel.js";
import { wake } from "./sender.js";

// After a reload the server may still hold out a clip whose answer is on its way.
if (claims().has(onStage())) advance();
else if (!onStage()) refill();
wake();
