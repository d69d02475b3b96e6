import type { Random } from "@nacre/random";

/** A folder's `config.json`, as the Hugging Face library transformers writes it. */
export type FolderConfig = Readonly<Record<string, unknown>>;

/** A tensor of a folder, and the parameters that it holds. */
export interface StoredTensor {
  /** Its name in the folder, as transformers writes it: `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  /** Paths of parameters, as in `parameters(model)`; several lie one after the other along the outputs, the first axis. */
  readonly parameters: readonly string[];
  /** Whether it is stored with inputs first, [I, O] (GPT-2's), where the parameter is [O, I]. */
  readonly transposed?: boolean;
  /** Whether a folder may lack it, as a head that is to be trained: it keeps its first values. */
  readonly optional?: boolean;
}

export interface BuildOptions {
  /** The class of the model in transformers' words, where it is known. */
  readonly architecture: string | undefined;
  readonly random: Random | undefined;
  /** Whether the folder has a tensor of this name, where the configuration does not say what there is. */
  readonly has: (name: string) => boolean;
}

/** How one family of models lies in folders. Each is defined beside its model and listed in `families.ts`. */
export interface PretrainedFamily<Model extends object = object> {
  /** The `model_type`s in config.json that it reads. */
  readonly modelTypes: readonly string[];
  /** Whether a model is of this family. */
  owns(model: object): model is Model;
  /**
   * The model of a folder's configuration, of the class that `architecture` names. Without `random` its weights are 0, to be
   * filled.
   *
   * @throws Error for what this family cannot compute; nothing is passed over in silence.
   */
  build(config: FolderConfig, options: BuildOptions): Model;
  /** The `config.json` of a model, `architectures` and `model_type` included. */
  describe(model: Model): FolderConfig;
  /** Every tensor of its folder; tied weights once. */
  tensors(model: Model): readonly StoredTensor[];
  /** What names begin with in the folders of models with a head, and not in those without: `transformer.`. */
  readonly prefix?: string;
  /** Tensors of folders that no model needs, as buffers that are computed. */
  readonly ignored?: readonly RegExp[];
}
