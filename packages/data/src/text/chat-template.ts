import { Template } from "@huggingface/jinja";
import { chatTemplates } from "./chat-templates.ts";

/** A turn of a conversation; templates may read more of it than role and content (tool calls, names, parts). */
export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly Readonly<Record<string, unknown>>[] | null;
  readonly [field: string]: unknown;
}

/** What of `tokenizer_config.json` templates need. */
export interface TokenizerConfig {
  readonly chat_template?: string | readonly { readonly name: string; readonly template: string }[];
  /** Special tokens (`bos_token`, `eos_token` …), as text or as added tokens. */
  readonly [field: string]: unknown;
}

export interface ChatTemplateOptions {
  /** A Jinja template, or the name of one of `chatTemplates`. Goes before `tokenizerConfig`'s. */
  readonly template?: string;
  /** Brings template and special tokens. */
  readonly tokenizerConfig?: TokenizerConfig;
  /** Which of the tokenizer's templates, where it has several. Default "tool_use" with tools, where there is one, else "default". */
  readonly templateName?: string;
  /** End with the header of the next answer, for a model to go on from. Default false. */
  readonly addGenerationPrompt?: boolean;
  readonly tools?: readonly Readonly<Record<string, unknown>>[];
  readonly documents?: readonly Readonly<Record<string, unknown>>[];
  /** What else the template reads, for example `enable_thinking` or `bos_token`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A stretch of a text, in UTF-16 units. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

export interface RenderedConversation {
  readonly text: string;
  /** What the assistant says, and only that is to be learnt. In order, without overlaps. */
  readonly answers: readonly TextSpan[];
}

/**
 * A conversation as the text that a model was trained on, by its Jinja template, as `apply_chat_template` of Python's
 * transformers gives it.
 *
 * @throws Error when no template is given, or the template refuses the conversation.
 */
export function applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
  const { source, variables } = prepare(options);
  return render(withoutGeneration(source), messages, variables, options.addGenerationPrompt ?? false);
}

/**
 * The same, with the places of the assistant's answers. A template that marks them with `{% generation %}` says itself what they
 * are. Otherwise an answer is what the conversation up to it adds to the one before it with a generation prompt; that needs a
 * template that writes earlier turns always the same.
 *
 * @throws Error when the template has no such blocks and rewrites earlier turns. See `applyChatTemplate` also.
 */
export function renderConversation(
  messages: readonly ChatMessage[],
  options: Omit<ChatTemplateOptions, "addGenerationPrompt"> = {},
): RenderedConversation {
  const { source, variables } = prepare(options);
  return generationTag.test(source) ? byBlocks(source, messages, variables) : byPrefixes(source, messages, variables);
}

/**
 * 1 for tokens that belong to an answer, 0 for others: those are not to be learnt.
 *
 * @param offsets start and end of each token in the rendered text, UTF-16 units. A token over a border belongs where its first
 *   unit is; an empty one (a special token without text) to none.
 */
export function answerMask(offsets: readonly (readonly [number, number])[], answers: readonly TextSpan[]): Uint8Array {
  const mask = new Uint8Array(offsets.length);
  for (const [index, [start, end]] of offsets.entries()) {
    if (end > start && answers.some((answer) => start >= answer.start && start < answer.end)) mask[index] = 1;
  }
  return mask;
}

interface Prepared {
  readonly source: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

function prepare(options: Omit<ChatTemplateOptions, "addGenerationPrompt">): Prepared {
  const { template, tokenizerConfig, tools, documents, variables } = options;
  const given = template ?? templateOf(options);
  if (given === undefined) {
    throw new Error(
      `Expected a chat template: template, one of ${Object.keys(chatTemplates).join(", ")} or Jinja, or a tokenizerConfig ` +
        "with a chat_template. Received none.",
    );
  }
  const source = Object.hasOwn(chatTemplates, given) ? chatTemplates[given as keyof typeof chatTemplates] : given;
  return {
    source,
    variables: {
      ...specialTokens(tokenizerConfig ?? {}),
      ...(tools === undefined ? {} : { tools }),
      ...(documents === undefined ? {} : { documents }),
      ...variables,
    },
  };
}

function templateOf({
  tokenizerConfig,
  templateName,
  tools,
}: Omit<ChatTemplateOptions, "addGenerationPrompt">): string | undefined {
  const templates = tokenizerConfig?.chat_template;
  if (templates === undefined || typeof templates === "string") return templates;
  const find = (name: string): string | undefined => templates.find((each) => each.name === name)?.template;
  if (templateName === undefined) return (tools === undefined ? undefined : find("tool_use")) ?? find("default");
  const found = find(templateName);
  if (found !== undefined) return found;
  throw new Error(
    `Expected the name of a chat template: ${templates.map(({ name }) => name).join(", ")}. Received "${templateName}".`,
  );
}

function specialTokens(config: TokenizerConfig): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith("_token")) continue;
    const content = typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
    if (typeof content === "string") tokens[name] = content;
  }
  return tokens;
}

const parsed = new Map<string, Template>();
const mostParsed = 32;

function render(
  source: string,
  messages: readonly ChatMessage[],
  variables: Readonly<Record<string, unknown>>,
  addGenerationPrompt: boolean,
): string {
  let template = parsed.get(source);
  if (template === undefined) {
    try {
      template = new Template(source);
    } catch (error) {
      throw new Error(`Expected a Jinja template. ${(error as Error).message}`, { cause: error });
    }
    if (parsed.size >= mostParsed) parsed.clear();
    parsed.set(source, template);
  }
  try {
    return template.render({ ...variables, messages, add_generation_prompt: addGenerationPrompt });
  } catch (error) {
    throw new Error(`The chat template refused the conversation: ${(error as Error).message}`, { cause: error });
  }
}

const generationTag = /\{%-?\s*generation\s*-?%\}/;
const generationTags = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;

/** As blocks that change nothing, so that white space around them is treated as around any block. */
function withoutGeneration(source: string): string {
  return source.replace(generationTags, (_, before: string, closing: string | undefined, after: string) =>
    closing ? `{%${before} endif ${after}%}` : `{%${before} if true ${after}%}`,
  );
}

/** Answers are written between two characters that occur nowhere else, by a macro that is called with the block. */
function byBlocks(
  source: string,
  messages: readonly ChatMessage[],
  variables: Readonly<Record<string, unknown>>,
): RenderedConversation {
  const everything = source + JSON.stringify([messages, variables]);
  const free = Array.from({ length: 64 }, (_, index) => String.fromCharCode(0xe000 + index)).filter(
    (character) => !everything.includes(character),
  );
  const [open, close] = free as [string, string];
  const marked = source.replace(generationTags, (_, before: string, closing: string | undefined, after: string) =>
    closing ? `{%${before} endcall ${after}%}` : `{%${before} call nacre_generation() ${after}%}`,
  );
  const macro = `{% macro nacre_generation() %}{{ "${open}" + caller() + "${close}" }}{% endmacro %}`;
  // A block's end swallows one line feed: the template's own first one must not be it.
  const text = render(macro + (marked.startsWith("\n") ? "\n" : "") + marked, messages, variables, false);
  const answers: TextSpan[] = [];
  let plain = "";
  let start: number | undefined;
  for (const part of text.split(new RegExp(`([${open}${close}])`))) {
    if (part === open) start = plain.length;
    else if (part === close) {
      if (start !== undefined && plain.length > start) answers.push({ start, end: plain.length });
      start = undefined;
    } else plain += part;
  }
  return { text: plain, answers };
}

function byPrefixes(
  source: string,
  messages: readonly ChatMessage[],
  variables: Readonly<Record<string, unknown>>,
): RenderedConversation {
  const text = render(source, messages, variables, false);
  const answers: TextSpan[] = [];
  for (const [index, { role }] of messages.entries()) {
    if (role !== "assistant") continue;
    const before = render(source, messages.slice(0, index), variables, true);
    const after = render(source, messages.slice(0, index + 1), variables, false);
    if (!after.startsWith(before) || !text.startsWith(after)) {
      throw new Error(
        `Expected a template whose text only grows with each turn; with message ${index + 1} it also changes earlier text. ` +
          "Mark the answers in the template with {% generation %} … {% endgeneration %}.",
      );
    }
    answers.push({ start: before.length, end: after.length });
  }
  return { text, answers };
}
