import { readJsonLines } from "@nacre/data";
import type { ChatMessage } from "@nacre/data/text";
import { z } from "zod";

/** Messages, of which those before number `asked` are given and not learnt. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  readonly asked: number;
}

/** Two ways to go on from the same messages. */
export interface Preference {
  readonly chosen: Conversation;
  readonly rejected: Conversation;
}

const Message = z.looseObject({
  role: z.string().min(1),
  content: z.union([z.string(), z.array(z.record(z.string(), z.unknown())), z.null()]).optional(),
});
const Messages = z.array(Message).min(1) as unknown as z.ZodType<ChatMessage[]>;
const ConversationRow = z.looseObject({ messages: Messages });
const Side = z.union([z.string().min(1), Messages]);
const PreferenceRow = z.looseObject({
  prompt: Side.optional(),
  messages: Messages.optional(),
  chosen: Side,
  rejected: Side,
});

/**
 * Conversations of a JSONL file, in its order.
 *
 * @throws Error that names the record which is none, or in which the assistant says nothing.
 */
export async function readConversations(path: string): Promise<Conversation[]> {
  return readRows(path, ({ value, where }) => {
    const { messages } = parsed(ConversationRow, value, where);
    return answered({ messages, asked: 0 }, where);
  });
}

/**
 * Pairs of answers of a JSONL file, in its order: to `prompt`, a text or messages, or to `messages`; without both, `chosen` and
 * `rejected` are conversations and the prompt is what they begin with alike.
 *
 * @throws Error that names the record which is none, or whose answers are none.
 */
export async function readPreferences(path: string): Promise<Preference[]> {
  return readRows(path, ({ value, where }) => {
    const row = parsed(PreferenceRow, value, where);
    const [chosen, rejected] = [messagesOf(row.chosen, "assistant"), messagesOf(row.rejected, "assistant")];
    const prompt = row.messages ?? (row.prompt === undefined ? undefined : messagesOf(row.prompt, "user"));
    const asked = prompt?.length ?? alike(chosen, rejected);
    if (asked === 0) {
      throw new Error(`${where}: expected a prompt: \`prompt\`, \`messages\` or a common beginning. Received none.`);
    }
    const whole = (messages: readonly ChatMessage[]) =>
      answered({ messages: [...(prompt ?? []), ...messages], asked }, where);
    return { chosen: whole(chosen), rejected: whole(rejected) };
  });
}

/** The messages before a conversation's last answer. */
export function questionOf({ messages }: Conversation): readonly ChatMessage[] {
  return messages.slice(0, messages.findLastIndex(isAnswer));
}

export function isAnswer({ role }: ChatMessage): boolean {
  return role === "assistant";
}

/** What the last message says, as text. */
export function lastText(messages: readonly ChatMessage[]): string {
  const content = messages.at(-1)?.content;
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}

async function readRows<T>(path: string, read: (row: { value: unknown; where: string }) => T): Promise<T[]> {
  const values = await readJsonLines(path).toArray();
  if (values.length === 0) throw new Error(`Expected conversations in ${path}, one a line. Received none.`);
  return values.map((value, index) => read({ value, where: `${path}, record ${index + 1}` }));
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const fields = typeof value === "object" && value !== null ? Object.keys(value).join(", ") : typeof value;
  throw new Error(`${where}: ${path.join(".") || "record"}: ${message}. The record has ${fields || "no fields"}.`);
}

function answered(conversation: Conversation, where: string): Conversation {
  const { messages, asked } = conversation;
  if (messages.slice(asked).some(isAnswer)) return conversation;
  const roles = messages.map(({ role }) => role).join(", ");
  throw new Error(`${where}: expected an answer to learn, a message of role assistant. Received ${roles}.`);
}

function messagesOf(side: z.infer<typeof Side>, role: string): readonly ChatMessage[] {
  return typeof side === "string" ? [{ role, content: side }] : side;
}

/** How many messages both begin with. */
function alike(one: readonly ChatMessage[], other: readonly ChatMessage[]): number {
  const differing = one.findIndex((message, at) => JSON.stringify(message) !== JSON.stringify(other[at]));
  return differing === -1 ? one.length : differing;
}
