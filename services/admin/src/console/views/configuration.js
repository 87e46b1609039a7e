/** The settings that the process goes by. */
import { h } from "../element.js";
import { several } from "../format.js";
import { badge, dataTable, empty } from "./parts.js";

/** @typedef {{ readonly name: string, readonly value?: unknown, readonly source: "environment" | "file" | "default", readonly variable?: string }} Setting */
/** @typedef {{ readonly roles: readonly string[], readonly settings: readonly Setting[] }} Configuration */
/** @typedef {{ readonly text: string, readonly isChangedOnly: boolean }} Search */

/**
 * @param {Configuration} data
 * @param {{ readonly search: Search }} shown
 */
export function configurationView({ roles, settings }, { search }) {
  const found = settings.filter((setting) => fits(setting, search));
  return h(
    "div",
    {},
    h(
      "p",
      { class: "lead" },
      `Of the process that serves this page (${roles.join(", ")}). Secrets are never shown; durations are milliseconds.`,
    ),
    searchForm(search),
    h(
      "p",
      { class: "lead", key: "count" },
      `${several(found.length, "setting")} of ${settings.length}.`,
    ),
    found.length === 0
      ? empty("No setting fits.", "Clear the search to see all of them.")
      : h("div", { key: "sections" }, ...sectionsOf(found)),
  );
}

/** @param {Search} search */
function searchForm({ text, isChangedOnly }) {
  return h(
    "form",
    {
      class: "card filters",
      "data-do": "search-settings",
      role: "search",
      "aria-label": "Settings",
    },
    h(
      "div",
      { class: "field wide" },
      h("label", { for: "search-text" }, "Name, variable or value"),
      h("input", {
        id: "search-text",
        name: "text",
        type: "search",
        value: text,
        "data-live": "search-settings",
        autocomplete: "off",
        spellcheck: "false",
      }),
    ),
    h(
      "div",
      { class: "field check" },
      h("input", {
        id: "search-changed",
        name: "changed",
        type: "checkbox",
        checked: isChangedOnly,
        "data-live": "search-settings",
      }),
      h("label", { for: "search-changed" }, "Only what is not left at its default"),
    ),
  );
}

/**
 * @param {Setting} setting
 * @param {Search} search
 */
function fits({ name, value, source, variable }, { text, isChangedOnly }) {
  if (isChangedOnly && source === "default") return false;
  const all = `${name} ${variable ?? ""} ${written(value)}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** @param {readonly Setting[]} settings */
function sectionsOf(settings) {
  const sections = Map.groupBy(settings, ({ name }) =>
    name.includes(".") ? (name.split(".")[0] ?? "") : "",
  );
  return [...sections]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([section, all]) => {
      const title = section === "" ? "General" : section;
      return h(
        "section",
        { key: title, "aria-label": title },
        h("h2", {}, title),
        dataTable({
          caption: `Settings of ${title}`,
          head: ["Setting", "Value", "From", "Variable"],
          rows: all.map(({ name, value, source, variable }) => ({
            key: name,
            cells: [
              h("span", { class: "mono" }, name),
              shownValue(value),
              source === "default"
                ? h("span", { class: "muted" }, "default")
                : badge("info", source),
              h("span", { class: "mono muted" }, variable ?? "–"),
            ],
          })),
        }),
      );
    });
}

/** @param {unknown} value */
function shownValue(value) {
  if (value === "[secret]") return badge("idle", "secret");
  const text = written(value);
  return text === ""
    ? h("span", { class: "muted" }, "not set")
    : h("span", { class: "mono wrap" }, text);
}

/** @param {unknown} value */
function written(value) {
  if (value === undefined || value === null) return "";
  if (isAddress(value)) return `${value.host ?? ""}:${value.port}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * @param {unknown} value
 * @returns {value is { readonly host?: string, readonly port: number }}
 */
function isAddress(value) {
  return typeof value === "object" && value !== null && "port" in value;
}
