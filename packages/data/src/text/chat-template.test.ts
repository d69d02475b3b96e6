import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  answerMask,
  applyChatTemplate,
  type ChatMessage,
  type ChatTemplateOptions,
  renderConversation,
} from "./chat-template.ts";

interface Case {
  readonly template: string;
  readonly conversation: string;
  readonly prompt: boolean;
  readonly tools: boolean;
  readonly text?: string;
  readonly error?: string;
  /** Code points. */
  readonly answers?: readonly (readonly [number, number])[];
}
const { templates, variables, tools, conversations, cases } = JSON.parse(
  readFileSync(new URL("fixtures/chat_templates.json", import.meta.url), "utf8"),
) as {
  templates: Record<string, string>;
  variables: Record<string, string>;
  tools: Record<string, unknown>[];
  conversations: Record<string, ChatMessage[]>;
  cases: Case[];
};

const optionsOf = ({ template, tools: withTools }: Case): ChatTemplateOptions => ({
  template: templates[template] ?? template,
  variables,
  ...(withTools ? { tools } : {}),
});
const units = (text: string, codePoints: number) => [...text].slice(0, codePoints).join("").length;

describe("chat templates", () => {
  it.each(cases)("$template, $conversation, prompt $prompt: as Python's transformers", (given) => {
    const messages = conversations[given.conversation]!;
    const options = { ...optionsOf(given), addGenerationPrompt: given.prompt };
    if (given.error !== undefined) {
      expect(() => applyChatTemplate(messages, options)).toThrow(given.error);
      return;
    }
    expect(applyChatTemplate(messages, options)).toBe(given.text);
    if (given.answers === undefined) return;
    const { text, answers } = renderConversation(messages, optionsOf(given));
    expect(text).toBe(given.text);
    expect(answers).toEqual(
      given.answers.map(([start, end]) => ({ start: units(text, start), end: units(text, end) })),
    );
  });

  it("finds answers by prefixes where the template marks none, and says when it cannot", () => {
    const messages = conversations.system!;
    const { text, answers } = renderConversation(messages, { template: templates.brackets!, variables });
    expect(answers.map(({ start, end }) => text.slice(start, end))).toEqual([" 4</s>", " 6\n\nIt really is.</s>"]);
    const template =
      "{% for m in messages %}{% if loop.last or m.role == 'user' %}{{ m.content }};{% endif %}{% endfor %}";
    expect(() => renderConversation(messages, { template })).toThrow("Mark the answers in the template");
  });

  it("takes template and special tokens from a tokenizer's configuration", () => {
    const tokenizerConfig = {
      bos_token: { content: "<s>" },
      eos_token: "</s>",
      chat_template: [
        { name: "default", template: "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}" },
        { name: "tool_use", template: "{{ tools | length }}" },
      ],
    };
    const messages = [{ role: "user", content: "a" }];
    expect(applyChatTemplate(messages, { tokenizerConfig })).toBe("<s>a</s>");
    expect(applyChatTemplate(messages, { tokenizerConfig, tools })).toBe("1");
    expect(applyChatTemplate(messages, { tokenizerConfig, tools, templateName: "default" })).toBe("<s>a</s>");
    expect(() => applyChatTemplate(messages, { tokenizerConfig, templateName: "rag" })).toThrow(
      'Expected the name of a chat template: default, tool_use. Received "rag".',
    );
    expect(() => applyChatTemplate(messages)).toThrow("one of chatml, qwen2, llama3 or Jinja");
    expect(() => applyChatTemplate(messages, { template: "{% for %}" })).toThrow("Expected a Jinja template.");
  });

  it("masks tokens by their first character", () => {
    const answers = [
      { start: 2, end: 5 },
      { start: 8, end: 9 },
    ];
    const offsets = [
      [0, 2],
      [2, 4],
      [4, 6],
      [6, 8],
      [8, 8],
      [8, 10],
    ] as const;
    expect([...answerMask(offsets, answers)]).toEqual([0, 1, 1, 0, 0, 1]);
  });
});
