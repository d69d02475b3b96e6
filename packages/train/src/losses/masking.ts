import type { ItemContext } from "@nacre/data";
import { Random } from "@nacre/random";
import { ignored } from "../token-batch.ts";

export interface MaskingOptions {
  readonly seed: number;
  /** Id of the mask token. */
  readonly mask: number;
  /** Number of ids, from which replacements are drawn. */
  readonly vocabulary: number;
  /** Ids that are never chosen: those that begin, end and pad texts. */
  readonly special?: ReadonlySet<number>;
  /** Share of tokens that are chosen. Default: 0.15. */
  readonly rate?: number;
  /** Share of the chosen that become the mask, and that become any token; the others stay. Default: 0.8 and 0.1. */
  readonly masked?: number;
  readonly replaced?: number;
}

export interface MaskedTokens {
  /** What the model reads. */
  readonly ids: Int32Array;
  /** The chosen tokens as they were, -100 elsewhere. */
  readonly labels: Int32Array;
}

/** A text in tokens; with words, all tokens of a chosen word are chosen together ("whole-word masking"). */
export interface MaskableTokens {
  readonly ids: ArrayLike<number>;
  /** The number of each token's word, as tokenizers tell it; null for tokens of none. */
  readonly words?: ArrayLike<number | null> | undefined;
}

/**
 * Chooses tokens to be predicted and hides most of them: Devlin et al. 2019, section 3.1 and appendix A.1. For
 * `dataset.map(maskTokens(options))`: what is drawn is a function of the seed, the epoch and the item's number alone, so it
 * differs from epoch to epoch and does not change when a training is resumed.
 */
export function maskTokens(options: MaskingOptions): (tokens: MaskableTokens, context: ItemContext) => MaskedTokens {
  const { seed, rate = 0.15, masked = 0.8, replaced = 0.1 } = options;
  if (!(rate > 0 && rate <= 1)) throw new RangeError(`maskTokens: expected a rate in (0, 1]. Received ${rate}.`);
  if (!(masked >= 0 && replaced >= 0 && masked + replaced <= 1)) {
    throw new RangeError(
      `maskTokens: expected shares of at most 1 together. Received ${masked} masked and ${replaced} replaced.`,
    );
  }
  const random = new Random(seed).fork("mask");
  return (tokens, { epoch, index }) => {
    const draws = random.fork(epoch, index);
    const ids = Int32Array.from(tokens.ids);
    const labels = new Int32Array(ids.length).fill(ignored);
    for (const place of choose(tokens, options.special ?? new Set(), { rate, random: draws })) {
      labels[place] = ids[place]!;
      const share = draws.uniform();
      if (share < masked) ids[place] = options.mask;
      else if (share < masked + replaced) ids[place] = draws.integer(options.vocabulary);
    }
    return { ids, labels };
  };
}

/** Places of round(rate · tokens) tokens, at least one, in whole groups: a group that would exceed that is passed over. */
function choose(
  { ids, words }: MaskableTokens,
  special: ReadonlySet<number>,
  { rate, random }: { readonly rate: number; readonly random: Random },
): number[] {
  const groups: number[][] = [];
  let count = 0;
  for (let place = 0; place < ids.length; place++) {
    const word = words === undefined ? place : words[place];
    if (word === null || word === undefined || special.has(ids[place]!)) continue;
    count++;
    const goesOn = words !== undefined && groups.at(-1)?.at(-1) === place - 1 && words[place - 1] === word;
    if (goesOn) groups.at(-1)!.push(place);
    else groups.push([place]);
  }
  const wanted = Math.max(1, Math.round(count * rate));
  const chosen: number[] = [];
  for (const group of random.shuffle(groups)) {
    if (chosen.length + group.length > wanted) continue;
    chosen.push(...group);
    if (chosen.length === wanted) break;
  }
  // A short text of long words: one of them, all the same.
  if (chosen.length === 0 && groups.length > 0) chosen.push(...groups[0]!);
  return chosen.sort((left, right) => left - right);
}
