/** One update of the parameters. JSON. */
export interface Step {
  /** Updates done, this one included. */
  readonly step: number;
  /** The pass over the data that its examples came from, from 0. */
  readonly epoch: number;
  /** Part of the training that is done, 0 to 1. */
  readonly progress: number;
  /** Examples seen since the start. */
  readonly examples: number;
  readonly loss: number;
  /** The rate of this update. */
  readonly learningRate: number;
  /** Global norm of the gradient, before clipping. */
  readonly gradientNorm: number;
  /** Parts of the loss and other means that the loss told of. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** The most bytes that all tensors of the process had since the step before; what backends keep for reuse is not in it. */
  readonly peakBytes: number;
  /** Time of this update, reading data included. */
  readonly milliseconds: number;
  /** Scores on validation data, after this update, when it was time for them. */
  readonly validation?: Readonly<Record<string, number>>;
  /** The folder of the checkpoint written after this update. */
  readonly checkpoint?: string;
}
