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
import { start as oneKey } from "./one_key.js";
import { start as presence } from "./presence.js";
import { start as preview } from "./preview.js";
import { start as progress } from "./progress.js";
import { start as upload } from "./upload.js";
import { start as word } from "./word.js";
import { start as paste } from "./paste.js";
import { start as proseEditor } from "./prose_editor.js";
import { start as show } from "./show.js";
import { start as scan } from "./scan.js";
import { start as rank } from "./rank.js";
import { start as searchBox } from "./search_box.js";
import { start as sheet } from "./sheet.js";
import { start as refresh } from "./refresh.js";
import { start as order } from "./order.js";

// rows before autosave: autosave listens to the events that rows sends.
for (const begin of [errors, rows, counter, explain, region, filterSelect, codeSearch, autosave, paste, proseEditor, presence, preview, keys, oneKey, progress, upload, word, show, scan, rank, searchBox, sheet, refresh, order]) begin(document);
