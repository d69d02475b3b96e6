import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { checkSizes } from "../check.ts";
import { denseFans, gaussian, type Initializer } from "../initializers.ts";
import { variable } from "../variable.ts";

export interface RelativeBuckets {
  /** How many there are; looking both ways, half of them are for keys to the right. */
  readonly buckets: number;
  /** Keys at least this far away, in tokens, share the last bucket. */
  readonly distance: number;
  /** Whether keys to the right of the query are told apart; else they fall into bucket 0. */
  readonly bidirectional: boolean;
}

export interface RelativePositionBiasOptions extends RelativeBuckets {
  readonly heads: number;
  /** Default: N(0, 1). */
  readonly initializer?: Initializer;
}

/**
 * A number for every head and distance, added to the attention's logits: Raffel et al. 2020, section 2.1. Near distances have a
 * bucket each, far ones share buckets that grow with the logarithm. weight [buckets, heads] is as in Hugging Face's T5.
 */
export class RelativePositionBias {
  readonly weight: tf.Variable;
  readonly heads: number;
  readonly buckets: RelativeBuckets;

  constructor({ heads, initializer = gaussian(1), ...buckets }: RelativePositionBiasOptions, random: Random) {
    checkSizes("RelativePositionBias", { heads, buckets: buckets.buckets, distance: buckets.distance });
    this.heads = heads;
    this.buckets = buckets;
    const shape = [buckets.buckets, heads];
    this.weight = variable(initializer(random.fork("weight"), shape, denseFans(buckets.buckets, heads)), shape);
  }

  /**
   * The bias of every query to every key, the last query being at the last key: [1, heads, queries, keys].
   */
  forward(queries: number, keys: number): tf.Tensor4D {
    const places = new Int32Array(queries * keys);
    for (let query = 0; query < queries; query++) {
      const position = keys - queries + query;
      for (let key = 0; key < keys; key++) places[query * keys + key] = relativeBucket(key - position, this.buckets);
    }
    return tf.tidy(() => {
      const rows = tf.gather(this.weight, tf.tensor1d(places, "int32")); // [Q · K, H]
      return tf.reshape(tf.transpose(rows), [1, this.heads, queries, keys]);
    });
  }
}

/**
 * The bucket of a key that is `relative` tokens to the right of its query, or to the left where it is negative. Computed in
 * single precision, as the published models were: at the borders of buckets that decides.
 */
export function relativeBucket(relative: number, { buckets, distance, bidirectional }: RelativeBuckets): number {
  const count = bidirectional ? buckets >> 1 : buckets;
  const start = bidirectional && relative > 0 ? count : 0;
  const far = bidirectional ? Math.abs(relative) : Math.max(-relative, 0);
  const exact = count >> 1;
  if (far < exact) return start + far;
  const { fround } = Math;
  const share = fround(fround(Math.log(fround(far / exact))) / fround(Math.log(distance / exact)));
  return start + Math.min(exact + Math.trunc(fround(share * (count - exact))), count - 1);
}
