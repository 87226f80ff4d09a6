// The one script of every page. Each module looks for its own data attributes and does nothing without them;
// every action also works as a plain form post.
import { start as errors } from "./errors.js";
import { start as autosave } from "./autosave.js";
import { start as rows } from "./rows.js";
import { start as counter } from "./counter.js";
import { start as explain } from "./explain.js";
import { start as region } from "./region.js";
import { start as filterSelect } from "./filter_select.js";
import { start as codeSearch } from "./code_search.js";
import { start as keys } from "./keys.js";
import { start as presence } from "./presence.js";
import { start as preview } from "./preview.js";
import { start as progress } from "./progress.js";
import { start as upload } from "./upload.js";
import { start as word } from "./word.js";
import { start as show } from "./show.js";

// rows before autosave: autosave listens to the events that rows sends.
for (const begin of [errors, rows, counter, explain, region, filterSelect, codeSearch, autosave, presence, preview, keys, progress, upload, word, show]) begin(document);
