import { Random } from "@nacre/random";
import { attention, layerNorm, linear, tf } from "@nacre/tensor";

export interface TransformerSizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly time: number;
  readonly vocabulary?: number;
}

/** A Transformer of pre-normalised blocks, for measuring: GPT (causal, over tokens) or an encoder (over vectors). */
export class Transformer {
  readonly parameters: Record<string, tf.Variable> = {};
  readonly #sizes: TransformerSizes;
  readonly #causal: boolean;

  constructor(sizes: TransformerSizes, causal: boolean) {
    this.#sizes = sizes;
    this.#causal = causal;
    const { layers, width, time, vocabulary } = sizes;
    if (vocabulary !== undefined) {
      this.#matrix("tokens", vocabulary, width);
      this.#matrix("positions", time, width);
      this.#norm("last", width);
      this.#matrix("head", vocabulary, width);
    }
    for (let layer = 0; layer < layers; layer++) {
      this.#norm(`${layer}.before`, width);
      for (const name of ["query", "key", "value", "out"]) this.#dense(`${layer}.${name}`, width, width);
      this.#norm(`${layer}.between`, width);
      this.#dense(`${layer}.up`, 4 * width, width);
      this.#dense(`${layer}.down`, width, 4 * width);
    }
  }

  /** Mean cross-entropy of the next token: inputs and targets [batch · time]. */
  logits(tokens: tf.Tensor1D, batch: number): tf.Tensor2D {
    const { width, time } = this.#sizes;
    const embedded = tf.gather(this.#get("tokens"), tokens); // [B · T, C]
    const x = tf.add(tf.reshape(embedded, [batch, time, width]), this.#get("positions"));
    const y = this.#layerNorm("last", this.forward(x as tf.Tensor3D));
    return linear(tf.reshape(y, [batch * time, width]), this.#get("head") as tf.Tensor2D) as tf.Tensor2D;
  }

  forward(input: tf.Tensor3D): tf.Tensor3D {
    let x: tf.Tensor = input;
    const { layers, width, heads } = this.#sizes;
    const [batch, time] = input.shape;
    const split = (y: tf.Tensor): tf.Tensor4D => tf.reshape(y, [batch, time, heads, width / heads]);
    for (let layer = 0; layer < layers; layer++) {
      const before = this.#layerNorm(`${layer}.before`, x);
      const [query, key, value] = ["query", "key", "value"].map((name) =>
        split(this.#linear(`${layer}.${name}`, before)),
      );
      const mixed = tf.reshape(attention(query!, key!, value!, { causal: this.#causal }), [batch, time, width]);
      x = tf.add(x, this.#linear(`${layer}.out`, mixed));
      const hidden = this.#linear(`${layer}.up`, this.#layerNorm(`${layer}.between`, x), "gelu");
      x = tf.add(x, this.#linear(`${layer}.down`, hidden));
    }
    return x as tf.Tensor3D;
  }

  /** The weights of linear layers: what to name to `settleParameters`. */
  get multiplied(): tf.Variable[] {
    return Object.entries(this.parameters).flatMap(([name, variable]) => (name.endsWith(".weight") ? [variable] : []));
  }

  #layerNorm(name: string, x: tf.Tensor): tf.Tensor {
    return layerNorm(x, this.#get(`${name}.gain`), this.#get(`${name}.bias`));
  }

  #linear(name: string, x: tf.Tensor, activation: "linear" | "gelu" = "linear"): tf.Tensor {
    return linear(x, this.#get(`${name}.weight`) as tf.Tensor2D, { bias: this.#get(`${name}.bias`), activation });
  }

  #get(name: string): tf.Variable {
    return this.parameters[name]!;
  }

  #matrix(name: string, rows: number, columns: number): void {
    const values = new Random(1).fork(name).fillNormal(new Float32Array(rows * columns));
    this.parameters[name] = tf.variable(tf.mul(tf.tensor(values, [rows, columns]), 0.02));
  }

  #dense(name: string, outputs: number, inputs: number): void {
    this.#matrix(`${name}.weight`, outputs, inputs);
    this.parameters[`${name}.bias`] = tf.variable(tf.zeros([outputs]));
  }

  #norm(name: string, width: number): void {
    this.parameters[`${name}.gain`] = tf.variable(tf.ones([width]));
    this.parameters[`${name}.bias`] = tf.variable(tf.zeros([width]));
  }
}
