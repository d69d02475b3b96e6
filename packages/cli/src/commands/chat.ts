import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { applyChatTemplate, type ChatMessage } from "@nacre/data/text";
import { generate, isCausalLanguageModel } from "@nacre/models";
import type { Command } from "commander";
import {
  addGenerationFlags,
  type ConstraintFlags,
  constraintOf,
  openLanguageFolder,
  readOptional,
  settingsOf,
} from "../language-folder.ts";
import type { Surroundings } from "../program.ts";
import { UsageError } from "../terminal.ts";

interface ChatFlags extends ConstraintFlags {
  readonly system?: string;
  readonly template?: string;
  readonly json?: boolean;
}

export function addChat(nacre: Command, { terminal, signal }: Surroundings): void {
  const command = nacre
    .command("chat")
    .description("Talk with a model that was trained on conversations.")
    .argument("<model>", "a folder as Hugging Face has them, with a chat template")
    .argument("[message]", "one message; without it a conversation, a line each, from standard input")
    .option("--system <text>", "what the model is told before the conversation")
    .option("--template <name>", "a chat template by name, such as chatml, or Jinja; else the folder's own");
  addGenerationFlags(command);
  command
    .option("--json", "a line for each answer: role, content, finishReason")
    .addHelpText(
      "after",
      `
Examples
  nacre chat qwen3-0.6b
  nacre chat qwen3-0.6b "Name three shells." --temperature 0
  nacre chat qwen3-0.6b "Alice is 31." --schema person.json --json`,
    )
    .action(async (path: string, message: string | undefined, flags: ChatFlags) => {
      const folder = await openLanguageFolder(path, flags);
      try {
        const { model, tokenizer } = folder;
        if (!isCausalLanguageModel(model)) throw new UsageError("Expected a decoder-only model to talk with.");
        const template = flags.template ?? (await readOptional(join(path, "chat_template.jinja")));
        const constraint = await constraintOf(flags, folder);
        const config = settingsOf(command, folder);
        const messages: ChatMessage[] = flags.system === undefined ? [] : [{ role: "system", content: flags.system }];
        for await (const content of message === undefined ? lines(terminal, signal) : [message]) {
          messages.push({ role: "user", content });
          const rendered = applyChatTemplate(messages, {
            ...(template !== undefined && { template }),
            tokenizerConfig: tokenizer.config,
            addGenerationPrompt: true,
          });
          const prompts = [[...tokenizer.encodeIds(rendered, { special: false })]];
          const decode = (ids: readonly number[]): string => tokenizer.decode(ids);
          let answer = "";
          let finishReason: string | undefined;
          for await (const piece of generate(model, { prompts, config, constraint, decode, signal })) {
            answer += piece.text;
            finishReason = piece.finishReason;
            if (!flags.json) terminal.out.write(piece.text);
          }
          messages.push({ role: "assistant", content: answer });
          const line = JSON.stringify({ role: "assistant", content: answer, finishReason });
          terminal.out.write(flags.json ? `${line}\n` : "\n");
        }
      } finally {
        folder.dispose();
      }
    });
}

/** What the user types; a prompt is shown to people only. */
async function* lines(terminal: Surroundings["terminal"], signal: AbortSignal): AsyncGenerator<string, void> {
  const input = createInterface({ input: process.stdin, signal });
  const invite = (): void => void (process.stdin.isTTY && terminal.error.write("> "));
  try {
    invite();
    for await (const line of input) {
      if (line.trim() !== "") yield line;
      invite();
    }
  } finally {
    input.close();
  }
}
