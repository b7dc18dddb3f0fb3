// The island around Vditor: it shows the body as it will look; the textarea behind it is what is saved.
import Vditor from "vditor";
import { say } from "./messages.js";

const TOOLBAR = ["headings", "bold", "strike", "link", "|", "list", "ordered-list", "quote", "table", "upload", "|", "undo", "redo", "edit-mode", "fullscreen"];
const READY_MS = 20000;

// Vditor would run its icons as an inline script, which the page's policy forbids: it skips that where they are loaded.
function loadIcons(assets) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.id = "vditorIconScript";
    script.src = `${assets}/dist/js/icons/ant.js`;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

function refused(text) {
  try {
    const said = JSON.parse(text);
    return said.msg || said.error;
  } catch {
    return "图片没传上，过几秒再试一次";
  }
}

function nameParts(place, label) {
  for (const each of place.querySelectorAll("input[type=file]")) each.setAttribute("aria-label", "上传图片");
  for (const each of place.querySelectorAll("input:not([type=file]):not([aria-label])")) each.setAttribute("aria-label", each.placeholder || "输入");
  for (const each of place.querySelectorAll("[contenteditable]")) {
    each.setAttribute("role", "textbox");
    each.setAttribute("aria-multiline", "true");
    each.setAttribute("aria-label", label);
  }
  for (const each of place.querySelectorAll("div[aria-label]:not([role]), span[aria-label]:not([role])")) each.removeAttribute("aria-label");
}

/**
 * Put the editor over a textarea. Whatever goes wrong, the textarea stays and works.
 * Returns the editor's hold, or null without one.
 */
export async function mountEditor(textarea, { assets, upload, token, changed }) {
  const place = document.createElement("div");
  place.className = "body-editor";
  const label = textarea.labels[0]?.textContent.trim() ?? "正文";
  try {
    await loadIcons(assets);
    textarea.after(place);
    const editor = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("late")), READY_MS);
      const made = new Vditor(place, {
        cdn: assets,
        lang: "zh_CN",
        mode: "wysiwyg",
        value: textarea.value,
        minHeight: 360,
        cache: { enable: false },
        toolbar: TOOLBAR,
        toolbarConfig: { pin: false },
        counter: { enable: false },
        preview: { hljs: { enable: false }, markdown: { toc: false, callout: false, codeBlockPreview: false, mathBlockPreview: false, footnotes: true, autoSpace: false, fixTermTypo: false, sanitize: true } },
        customWysiwygToolbar: () => {},
        upload: {
          url: upload,
          fieldName: "file[]",
          accept: "image/png,image/jpeg",
          max: 10 * 1024 * 1024,
          multiple: true,
          headers: { "X-CSRFToken": token, Accept: "application/json" },
          error: (text) => say(refused(text)),
        },
        input: (value) => {
          textarea.value = value;
          changed();
        },
        after: () => {
          clearTimeout(late);
          resolve(made);
        },
      });
    });
    textarea.classList.add("is-behind");
    textarea.setAttribute("tabindex", "-1");
    textarea.setAttribute("aria-hidden", "true");
    nameParts(place, label);
    // Vditor writes Markdown in a manner of its own: a body that nobody touched is left as it was.
    let untouched = editor.getValue();
    const sync = () => {
      const value = editor.getValue();
      if (value !== untouched) textarea.value = value;
    };
    textarea.form.addEventListener("submit", sync, { capture: true });
    document.querySelector("label[for=body]")?.addEventListener("click", () => editor.focus());
    return {
      sync,
      setValue(value) {
        editor.setValue(value);
        untouched = editor.getValue();
      },
    };
  } catch {
    place.remove();
    return null;
  }
}
