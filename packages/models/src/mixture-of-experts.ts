import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import type { ActivationName } from "./activations.ts";
import { Dense } from "./dense.ts";
import type { Initializer } from "./initializers.ts";
import type { LanguageModelContext } from "./language-model.ts";
import type { ForwardContext, Layer } from "./layer.ts";
import { type FeedForwardMaker, frameParameters, RotaryDecoder, rotaryDecoderFields } from "./llama.ts";
import { GatedFeedForward } from "./transformer/feed-forward.ts";

/**
 * Llama's frame with a sparse mixture of experts in the place of feed-forward layers: Jiang et al. 2024, "Mixtral of experts";
 * Qwen's mixtures add an expert that all tokens pass. Shapes: N tokens, C width, E experts, K experts of a token.
 */
export const MixtureConfig = z
  .strictObject({
    family: z.literal("mixture"),
    ...rotaryDecoderFields,
    experts: z.int().positive().default(8).describe("experts of each layer, E"),
    expertsPerToken: z.int().positive().default(2).describe("experts that compute each token, K"),
    expertHidden: z.int().positive().default(14_336).describe("features inside an expert"),
    normalized: z.boolean().default(true).describe("whether the weights of a token's experts add up to 1"),
    sharedHidden: z
      .int()
      .positive()
      .optional()
      .describe("features inside the expert that all tokens pass; none if absent"),
    denseLayers: z.array(z.int().nonnegative()).default([]).describe("layers with one feed-forward layer instead"),
    balance: z.number().min(0).default(0.001).describe("weight of the balance loss that training should add"),
  })
  .refine(({ experts, expertsPerToken: k }) => k <= experts, "expertsPerToken must be at most experts");
export type MixtureConfig = z.infer<typeof MixtureConfig>;

export interface SparseMixtureOptions {
  width: number;
  /** Features inside an expert. */
  hidden: number;
  experts: number;
  expertsPerToken: number;
  normalized: boolean;
  sharedHidden?: number | undefined;
  activation: ActivationName;
  initializer: Initializer;
}

/**
 * Σ_e p_e(x) · expert_e(x) over the K likeliest experts of each token, p the softmax of a linear router: […, C] → […, C].
 * Shazeer et al. 2017, "Outrageously large neural networks", equation 1. Each expert computes its own tokens only.
 */
export class SparseMixture implements Layer {
  readonly router: Dense; // [E, C]
  readonly experts: readonly GatedFeedForward[];
  /** Passed by every token, times σ(sharedGate(x)). */
  readonly shared: GatedFeedForward | undefined;
  readonly sharedGate: Dense | undefined;
  readonly expertsPerToken: number;
  readonly normalized: boolean;

  constructor(options: SparseMixtureOptions, random: Random) {
    const { width, hidden, experts, sharedHidden, activation, initializer } = options;
    const sizes = { width, activation, bias: false, initializer };
    const linear = { inputs: width, bias: false, initializer };
    this.router = new Dense({ ...linear, outputs: experts }, random.fork("router"));
    this.experts = Array.from(
      { length: experts },
      (_, expert) => new GatedFeedForward({ ...sizes, hidden }, random.fork("experts", expert)),
    );
    this.shared = sharedHidden
      ? new GatedFeedForward({ ...sizes, hidden: sharedHidden }, random.fork("shared"))
      : undefined;
    this.sharedGate = sharedHidden ? new Dense({ ...linear, outputs: 1 }, random.fork("sharedGate")) : undefined;
    this.expertsPerToken = options.expertsPerToken;
    this.normalized = options.normalized;
  }

  forward(x: tf.Tensor, context: RoutingContext): tf.Tensor {
    return tf.tidy(() => {
      const tokens = tf.reshape(x, [-1, this.router.inputs]) as tf.Tensor2D; // [N, C]
      const logits = this.router.forward(tokens) as tf.Tensor2D; // [N, E]
      context.observeRouting?.(logits, context.layer ?? 0);
      const probabilities = tf.softmax(logits);
      const chosen = chooseExperts(probabilities, this.expertsPerToken);
      let weights = pick(probabilities, chosen, this.expertsPerToken); // [N, K]
      if (this.normalized) weights = tf.div(weights, tf.sum(weights, 1, true));
      const results = this.#compute(tokens, chosen, context); // [N, K, C]
      let sum = tf.sum(tf.mul(results, tf.expandDims(weights, 2)), 1);
      if (this.shared && this.sharedGate) {
        const gate = tf.sigmoid(this.sharedGate.forward(tokens)); // [N, 1]
        sum = tf.add(sum, tf.mul(gate, this.shared.forward(tokens, context)));
      }
      return tf.reshape(sum, x.shape);
    });
  }

  /** What the experts `chosen` for each token, K a token, make of it: [N, C] → [N, K, C]. */
  #compute(tokens: tf.Tensor2D, chosen: Int32Array, context: ForwardContext): tf.Tensor3D {
    const { order, counts } = groupByExpert(chosen, this.experts.length);
    const taken = tf.gather(
      tokens,
      tf.tensor1d(
        order.map((slot) => Math.floor(slot / this.expertsPerToken)),
        "int32",
      ),
    );
    const busy = this.experts.flatMap((expert, index) =>
      counts[index]! > 0 ? [{ expert, count: counts[index]! }] : [],
    );
    const groups = tf.split(
      taken,
      busy.map(({ count }) => count),
    ); // of each expert, [n, C]
    const computed = tf.concat(busy.map(({ expert }, index) => expert.forward(groups[index]!, context)));
    const places = new Int32Array(order.length);
    order.forEach((slot, place) => {
      places[slot] = place;
    });
    const back = tf.gather(computed, tf.tensor1d(places, "int32")); // [N · K, C]
    return tf.reshape(back, [tokens.shape[0], this.expertsPerToken, tokens.shape[1]]);
  }
}

interface RoutingContext extends ForwardContext {
  readonly layer?: number | undefined;
  readonly observeRouting?: ((logits: tf.Tensor2D, layer: number) => void) | undefined;
}

/** The K likeliest of [N, E], N · K of them. Read at once, so that no gradient is asked through the choice. */
function chooseExperts(probabilities: tf.Tensor, expertsPerToken: number): Int32Array {
  return tf.tidy(() => tf.topk(probabilities, expertsPerToken).indices.dataSync() as Int32Array);
}

/** The probabilities [N, E] of the chosen experts: [N, K]. */
function pick(probabilities: tf.Tensor, chosen: Int32Array, expertsPerToken: number): tf.Tensor {
  const [tokens, experts] = probabilities.shape as [number, number];
  const places = chosen.map((expert, slot) => Math.floor(slot / expertsPerToken) * experts + expert);
  const picked = tf.gather(tf.reshape(probabilities, [-1]), tf.tensor1d(places, "int32"));
  return tf.reshape(picked, [tokens, expertsPerToken]);
}

/** The slots [N · K] in the order of their experts, and how many each expert has. */
function groupByExpert(chosen: Int32Array, experts: number): { order: Int32Array; counts: Int32Array } {
  const counts = new Int32Array(experts);
  for (const expert of chosen) counts[expert]! += 1;
  const starts = new Int32Array(experts);
  for (let expert = 1; expert < experts; expert++) starts[expert] = starts[expert - 1]! + counts[expert - 1]!;
  const order = new Int32Array(chosen.length);
  chosen.forEach((expert, slot) => {
    order[starts[expert]!++] = slot;
  });
  return { order, counts };
}

/**
 * E Σ_e f_e P_e, with f_e the share of tokens that choose expert e and P_e its mean probability, over all layers together; K
 * when all experts are chosen alike. Fedus, Zoph, Shazeer 2022, "Switch Transformers", equation 4; with K experts as
 * transformers computes it.
 *
 * @param logits of the router of each layer, [N, E]
 */
export function balanceLoss(logits: readonly tf.Tensor2D[], expertsPerToken: number): tf.Scalar {
  return tf.tidy(() => {
    const all = tf.concat([...logits], 0); // [layers · N, E]
    const experts = all.shape[1]!;
    const probabilities = tf.softmax(all);
    const shares = new Float32Array(experts);
    for (const expert of chooseExperts(probabilities, expertsPerToken)) shares[expert]! += 1 / all.shape[0];
    return tf.mul(tf.sum(tf.mul(shares, tf.mean(probabilities, 0))), experts) as tf.Scalar;
  });
}

export class MixtureOfExperts extends RotaryDecoder<MixtureConfig> {
  /** As `Llama`. */
  constructor(config: MixtureConfig, random?: Random) {
    const { width, activation, denseLayers, hidden, expertHidden } = config;
    const feedForward: FeedForwardMaker = (layer, initializer, stream) =>
      denseLayers.includes(layer)
        ? new GatedFeedForward({ width, hidden, activation, bias: config.feedForwardBias, initializer }, stream)
        : new SparseMixture({ ...config, hidden: expertHidden, initializer }, stream);
    super(config, feedForward, random);
  }

  /** As `forward`, with the balance loss, not weighted: for training, which adds it times `config.balance`. */
  forwardWithBalance(ids: tf.Tensor2D, context: LanguageModelContext): { logits: tf.Tensor3D; balance: tf.Scalar } {
    if (context.checkpoint) {
      throw new Error(
        "MixtureOfExperts: expected no `checkpoint` with the balance loss: what is computed again has no gradient through the " +
          "routers. Received one.",
      );
    }
    return tf.tidy(() => {
      const routed: tf.Tensor2D[] = [];
      const observeRouting = (logits: tf.Tensor2D) => void routed.push(tf.keep(tf.clone(logits)));
      const logits = this.forward(ids, { ...context, observeRouting });
      const balance = balanceLoss(routed, this.config.expertsPerToken);
      tf.dispose(routed);
      return { logits, balance };
    });
  }
}

/** Number of parameters of a configuration, and of those that compute one token, without building it. */
export function mixtureParameters(config: MixtureConfig): { total: number; active: number } {
  const { layers, width: C, hidden, experts, expertsPerToken, expertHidden, sharedHidden, denseLayers } = config;
  const dense = new Set(denseLayers.filter((layer) => layer < layers)).size;
  const expert = 3 * C * expertHidden;
  const common = experts * C + (sharedHidden ? 3 * C * sharedHidden + C : 0);
  const frame = frameParameters(config) + dense * (3 * C * hidden + (config.feedForwardBias ? 2 * hidden + C : 0));
  const of = (count: number) => frame + (layers - dense) * (common + count * expert);
  return { total: of(experts), active: of(expertsPerToken) };
}

type Sizes = Partial<Omit<MixtureConfig, "family">>;

function mixture(sizes: Sizes, changes: Sizes): MixtureConfig {
  const { specialTokens, ...rest } = sizes;
  const tokens = changes.vocabulary === undefined && specialTokens ? { specialTokens } : {};
  return MixtureConfig.parse({ family: "mixture", ...rest, ...tokens, ...changes });
}

/** 46,702,792,704 parameters, 12,879,925,248 of them for a token: "Mixtral-8x7B" (Jiang et al. 2024). */
export function mixtral8x7B(changes: Sizes = {}): MixtureConfig {
  const sizes = { context: 32_768, keyValueHeads: 8, hidden: 14_336, rotaryBase: 1e6, balance: 0.02 };
  return mixture({ ...sizes, specialTokens: { begin: 1, end: [2] } }, changes);
}

const qwen = {
  vocabulary: 151_936,
  epsilon: 1e-6,
  rotaryBase: 1e6,
  width: 2048,
  specialTokens: { begin: 151_643, end: [151_643] },
};

/** 14,315,784,192 parameters: "Qwen1.5-MoE-A2.7B" (Qwen team 2024), with a shared expert. */
export function qwen2MixtureOf14B(changes: Sizes = {}): MixtureConfig {
  const frame = { context: 8192, layers: 24, heads: 16, hidden: 5632, bias: "queryKeyValue" as const };
  const experts = { experts: 60, expertsPerToken: 4, expertHidden: 1408, sharedHidden: 5632, normalized: false };
  return mixture({ ...qwen, ...frame, ...experts }, changes);
}

/** 30,532,122,624 parameters: "Qwen3-30B-A3B" (Yang et al. 2025). */
export function qwen3MixtureOf30B(changes: Sizes = {}): MixtureConfig {
  const heads = { heads: 32, keyValueHeads: 4, headSize: 128, queryKeyNorm: true };
  const frame = { context: 40_960, layers: 48, hidden: 6144, ...heads };
  return mixture({ ...qwen, ...frame, experts: 128, expertsPerToken: 8, expertHidden: 768 }, changes);
}
