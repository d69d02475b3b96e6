import { Parser } from "htmlparser2";
import { blockDensity, looksLikeBoilerplate } from "./boilerplate.ts";
import type { TextCleaningStep } from "./text-cleaning.ts";

export interface HtmlOptions {
  /**
   * "remove" (default) leaves out navigation, banners, forms, headers and footers of pages, and blocks that are mostly links.
   * "keep" keeps every text that a browser shows.
   */
  readonly boilerplate?: "remove" | "keep";
}

/** A block of text as a browser lays it out: a paragraph, a heading, a list item, a cell. */
export interface HtmlBlock {
  readonly text: string;
  /** Characters within links. */
  readonly linked: number;
  /** The element around it, for example "p" or "h1". */
  readonly element: string;
}

const invisible = new Set(
  "script style template noscript head iframe object embed svg math canvas audio video map datalist select dialog".split(
    " ",
  ),
);
const boilerplateElements = new Set("nav footer aside form button menu".split(" "));
const boilerplateRoles = new Set(
  "navigation banner contentinfo complementary search menu menubar alert dialog alertdialog".split(" "),
);
const blockElements = new Set(
  (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form " +
    "h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre search section summary table " +
    "tbody td tfoot th thead tr ul caption"
  ).split(" "),
);
/** Names that pages give what is not their text, as whole words of id or class. */
const boilerplateNames =
  /(?:^|[\s_-])(?:cookies?|consent|gdpr|nav|navbar|navigation|menu|breadcrumbs?|sidebar|footer|masthead|advert(?:isement|ising)?|ads?|promo|social|share|sharing|newsletter|subscribe|popup|modal|pagination|pager|skip-?link|related)(?:$|[\s_-])/i;

/**
 * The text of a page: one line a block, a blank line between paragraphs, entities read, scripts and styles left out. Also
 * reads fragments and broken markup, as browsers do. Parser: htmlparser2.
 */
export function htmlToText(html: string, options: HtmlOptions = {}): string {
  const blocks = htmlBlocks(html, options);
  let text = "";
  for (const [index, block] of blocks.entries()) {
    if (index > 0) text += follows(blocks[index - 1]!, block) ? "\n" : "\n\n";
    text += block.text;
  }
  return text;
}

/** Items of lists, terms and cells follow each other without a blank line. */
function follows(before: HtmlBlock, block: HtmlBlock): boolean {
  return [/^li$/, /^(?:t[rdh])$/, /^d[td]$/].some((kind) => kind.test(before.element) && kind.test(block.element));
}

/** The blocks of a page that hold text, in order, boilerplate left out unless it is to be kept. */
export function htmlBlocks(html: string, { boilerplate = "remove" }: HtmlOptions = {}): HtmlBlock[] {
  const remove = boilerplate === "remove";
  const blocks: HtmlBlock[] = [];
  const open: { readonly name: string; readonly skips: boolean }[] = [];
  let skipping = 0;
  let links = 0;
  let preformatted = 0;
  let within = 0;
  let text = "";
  let linked = 0;
  const element = (): string => open.findLast(({ name }) => blockElements.has(name))?.name ?? "body";
  const flush = (name: string): void => {
    const trimmed = text
      .replace(/[^\S\n]+/g, " ")
      .replace(/ ?\n ?/g, "\n")
      .trim();
    if (trimmed !== "") blocks.push({ text: trimmed, linked, element: name });
    text = "";
    linked = 0;
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (blockElements.has(name)) flush(element());
        if (name === "br") text += "\n";
        if (name === "td" || name === "th") text += " ";
        const skips =
          invisible.has(name) || isHidden(attributes) || (remove && isBoilerplate(name, attributes, within > 0));
        open.push({ name, skips });
        if (skips) skipping++;
        if (name === "a") links++;
        if (name === "pre" || name === "textarea") preformatted++;
        if (name === "article" || name === "main") within++;
      },
      ontext(content) {
        if (skipping > 0) return;
        const shown = preformatted > 0 ? content : content.replace(/\s+/g, " ");
        if (links > 0) linked += shown.trim().length;
        text += shown;
      },
      onclosetag(name) {
        if (blockElements.has(name)) flush(element());
        const closed = open.pop();
        if (closed?.skips) skipping--;
        if (name === "a") links--;
        if (name === "pre" || name === "textarea") preformatted--;
        if (name === "article" || name === "main") within--;
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  flush("body");
  return remove ? blocks.filter((block, index) => !isLinkList(block, blocks, index)) : blocks;
}

function isHidden(attributes: Readonly<Record<string, string>>): boolean {
  return (
    "hidden" in attributes ||
    attributes["aria-hidden"] === "true" ||
    /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attributes.style ?? "")
  );
}

/** A header of an article holds its title; a header of the page does not. */
function isBoilerplate(name: string, attributes: Readonly<Record<string, string>>, withinArticle: boolean): boolean {
  if (name === "html" || name === "body" || name === "main" || name === "article") return false;
  return (
    boilerplateElements.has(name) ||
    (name === "header" && !withinArticle) ||
    boilerplateRoles.has(attributes.role ?? "") ||
    boilerplateNames.test(attributes.class ?? "") ||
    boilerplateNames.test(attributes.id ?? "")
  );
}

/** Mostly links, and no heading: Kohlschütter, Fankhauser, Nejdl, WSDM 2010, table 3: link density above 1/3, in a run of such blocks. */
function isLinkList(block: HtmlBlock, blocks: readonly HtmlBlock[], index: number): boolean {
  if (/^h[1-6]$/.test(block.element)) return false;
  if (looksLikeBoilerplate(block.text)) return true;
  if (blockDensity(block) <= 1 / 3) return false;
  const neighbours = [blocks[index - 1], blocks[index + 1]];
  return blockDensity(block) > 0.8 || neighbours.some((each) => each !== undefined && blockDensity(each) > 1 / 3);
}

/** Texts with tags in them become the text a browser would show; texts without stay. */
export function stripHtml(options: HtmlOptions = {}): TextCleaningStep {
  return {
    name: "stripHtml",
    start: () => (text, note) => {
      if (!markup.test(text)) return text;
      const stripped = htmlToText(text, options);
      if (stripped !== text) note("HTML", "changed");
      return stripped;
    },
  };
}

/** A tag of HTML, a comment, a declaration or an entity: "a < b" and "AT&T" are none. */
const markup = /<\/?(?:[a-z][a-z0-9]*)(?:\s[^<>]*)?\/?>|<!--|<!doctype|&(?:#\d+|#x[\da-f]+|[a-z][a-z0-9]*);/i;
