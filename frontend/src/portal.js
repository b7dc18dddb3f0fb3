import htmx from "htmx.org";
import { startAsked } from "./asked.js";
import { startDesk } from "./desk.js";
import { startForms } from "./forms.js";
import { startInPlace } from "./inplace.js";
import { startJoin } from "./join.js";
import { startKeys } from "./keys.js";
import { startMenus } from "./menus.js";
import { startReview } from "./review.js";
import { startScripts } from "./scripts.js";
import { startSuggestions } from "./suggest.js";

// The policy of the page allows no inline style and no eval, and nothing from elsewhere.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
htmx.config.scrollIntoViewOnBoost = false;

document.documentElement.classList.add("has-js");
startKeys();
startMenus();
startInPlace();
startForms();
startScripts();
startReview();
startDesk(htmx);
startJoin(htmx);
startAsked();
startSuggestions();
for (const field of document.querySelectorAll("[data-without-script]")) field.disabled = true;
