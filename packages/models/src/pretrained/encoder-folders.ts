import { z } from "zod";
import { Bert, BertConfig } from "../bert.ts";
import { MaskedLanguageModel, SequenceClassifier, SpanClassifier, TokenClassifier } from "../encoder-heads.ts";
import { Roberta, RobertaConfig } from "../roberta.ts";
import { FolderActivation, folderActivation, parseFolderConfig } from "./config.ts";
import type { BuildOptions, FolderConfig, PretrainedFamily, StoredTensor } from "./family.ts";

const share = z.number().min(0).lt(1);
const count = z.int().positive();

/** transformers' `BertConfig`; RoBERTa's has the same fields and other defaults. */
const bertFields = z.looseObject({
  vocab_size: count.default(30_522),
  max_position_embeddings: count.default(512),
  type_vocab_size: count.default(2),
  num_hidden_layers: z.int().nonnegative().default(12),
  num_attention_heads: count.default(12),
  hidden_size: count.default(768),
  intermediate_size: count.default(3072),
  hidden_act: FolderActivation.default("gelu"),
  hidden_dropout_prob: share.default(0.1),
  attention_probs_dropout_prob: share.default(0.1),
  classifier_dropout: share.optional(),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().nonnegative().default(0),
  position_embedding_type: z.literal("absolute").default("absolute"),
  is_decoder: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.literal(true).default(true),
  num_labels: count.optional(),
  id2label: z.record(z.string(), z.string()).optional(),
});
const robertaFields = bertFields.extend({
  vocab_size: count.default(50_265),
  layer_norm_eps: z.number().positive().default(1e-5),
  pad_token_id: z.int().nonnegative().default(1),
});
type Fields = z.output<typeof bertFields>;

type EncoderModel = Bert | MaskedLanguageModel | SequenceClassifier | TokenClassifier | SpanClassifier;

/** What differs between the families: the same network and heads lie under other names. */
interface Naming {
  readonly modelType: string;
  /** What transformers' classes begin with. */
  readonly className: string;
  readonly maskedLanguage: { readonly transform: string; readonly norm: string; readonly bias: string };
  /** Of the classifier of texts: the layer with tanh, and the last. */
  readonly sequence: { readonly pooler: string; readonly output: string };
}

const bert: Naming = {
  modelType: "bert",
  className: "Bert",
  maskedLanguage: {
    transform: "cls.predictions.transform.dense",
    norm: "cls.predictions.transform.LayerNorm",
    bias: "cls.predictions.bias",
  },
  sequence: { pooler: "bert.pooler.dense", output: "classifier" },
};

const roberta: Naming = {
  modelType: "roberta",
  className: "Roberta",
  maskedLanguage: { transform: "lm_head.dense", norm: "lm_head.layer_norm", bias: "lm_head.bias" },
  sequence: { pooler: "classifier.dense", output: "classifier.out_proj" },
};

export const bertFamily: PretrainedFamily<EncoderModel> = {
  ...common(bert),
  owns: (model): model is EncoderModel => bodyOf(model) instanceof Bert && !(bodyOf(model) instanceof Roberta),
  build(config, options) {
    const fields = parseFolderConfig(bertFields, config, "BERT");
    const context = fields.max_position_embeddings;
    const body = new Bert(
      BertConfig.parse({ family: "bert", ...sizes(fields), context, pooler: hasPooler(options, bert) }),
    );
    return withHead(body, { ...options, fields, naming: bert, activation: fields.hidden_act });
  },
  describe: (model) => describe(model, bert, bodyOf(model)!.config.context),
};

export const robertaFamily: PretrainedFamily<EncoderModel> = {
  ...common(roberta),
  owns: (model): model is EncoderModel => bodyOf(model) instanceof Roberta,
  build(config, options) {
    const fields = parseFolderConfig(robertaFields, config, "RoBERTa");
    // The first rows of the table are padding's and those before it, which no token uses.
    const context = fields.max_position_embeddings - fields.pad_token_id - 1;
    const body = new Roberta(
      RobertaConfig.parse({
        family: "roberta",
        ...sizes(fields),
        context,
        pooler: hasPooler(options, roberta),
      }),
    );
    return withHead(body, { ...options, fields, naming: roberta, activation: "gelu" });
  },
  describe(model) {
    const { context, padding } = bodyOf(model)!.config;
    return describe(model, roberta, context + padding + 1);
  },
};

function common(naming: Naming): Pick<PretrainedFamily<EncoderModel>, "modelTypes" | "tensors" | "prefix" | "ignored"> {
  return {
    modelTypes: [naming.modelType],
    prefix: `${naming.modelType}.`,
    tensors: (model) => tensors(model, naming),
    // Buffers, and heads that a folder has and this model does not.
    ignored: [/(^|\.)position_ids$/, /^(cls|lm_head|classifier|qa_outputs)\./, /(^|\.)pooler\.dense\./],
  };
}

function bodyOf(model: object): Bert | undefined {
  if (model instanceof Bert) return model;
  const heads = [MaskedLanguageModel, SequenceClassifier, TokenClassifier, SpanClassifier];
  return heads.some((head) => model instanceof head) ? ((model as { encoder: unknown }).encoder as Bert) : undefined;
}

function sizes(fields: Fields): Partial<BertConfig> {
  return {
    vocabulary: fields.vocab_size,
    tokenTypes: fields.type_vocab_size,
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    width: fields.hidden_size,
    hidden: fields.intermediate_size,
    activation: fields.hidden_act,
    dropout: fields.hidden_dropout_prob,
    attentionDropout: fields.attention_probs_dropout_prob,
    epsilon: fields.layer_norm_eps,
    padding: fields.pad_token_id,
  };
}

/** The model without a head has a pooler where its folder has one. */
function hasPooler({ architecture, has }: BuildOptions, { className, modelType }: Naming): boolean {
  const bare = architecture === undefined || architecture === `${className}Model`;
  return bare && (has("pooler.dense.weight") || has(`${modelType}.pooler.dense.weight`));
}

interface HeadOptions extends BuildOptions {
  readonly fields: Fields;
  readonly naming: Naming;
  /** Of the masked language model's head. */
  readonly activation: BertConfig["activation"];
}

function withHead(body: Bert, { architecture, fields, naming, activation, random }: HeadOptions): EncoderModel {
  const { className } = naming;
  const head = architecture?.startsWith(className) ? architecture.slice(className.length) : architecture;
  const options = { classes: classesOf(fields), dropout: fields.classifier_dropout };
  switch (head) {
    case undefined:
    case "Model":
      return body;
    case "ForMaskedLM":
    case "ForPreTraining":
      return new MaskedLanguageModel(body, { activation }, random);
    case "ForSequenceClassification":
      return new SequenceClassifier(body, options, random);
    case "ForTokenClassification":
      return new TokenClassifier(body, options, random);
    case "ForQuestionAnswering":
      return new SpanClassifier(body, random);
  }
  const known = ["Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"];
  throw new Error(
    `Expected an architecture of ${known.map((name) => className + name).join(", ")}. Received ${architecture}: choose with ` +
      "`fromPretrained(folder, { architecture })`.",
  );
}

/** `num_labels` given by the caller goes before the names of another count. */
function classesOf({ num_labels: number, id2label }: Fields): number | string[] {
  const names = Object.entries(id2label ?? {})
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, name]) => name);
  if (number !== undefined && number !== names.length) return number;
  return names.length > 0 ? names : 2;
}

function describe(model: EncoderModel, { className, modelType }: Naming, positions: number): FolderConfig {
  const { config } = bodyOf(model)!;
  const classifier = model instanceof SequenceClassifier || model instanceof TokenClassifier ? model : undefined;
  const labels = classifier?.labels.map((label, index) => [index, label] as const);
  return {
    architectures: [className + headName(model)],
    model_type: modelType,
    vocab_size: config.vocabulary,
    max_position_embeddings: positions,
    type_vocab_size: config.tokenTypes,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    hidden_size: config.width,
    intermediate_size: config.hidden,
    hidden_act: folderActivation(config.activation),
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    layer_norm_eps: config.epsilon,
    pad_token_id: config.padding,
    initializer_range: 0.02,
    tie_word_embeddings: true,
    ...(labels && {
      id2label: Object.fromEntries(labels),
      label2id: Object.fromEntries(labels.map(([index, label]) => [label, index])),
    }),
    ...(classifier && classifier.dropout.rate !== config.dropout && { classifier_dropout: classifier.dropout.rate }),
  };
}

function headName(model: EncoderModel): string {
  if (model instanceof MaskedLanguageModel) return "ForMaskedLM";
  if (model instanceof SequenceClassifier) return "ForSequenceClassification";
  if (model instanceof TokenClassifier) return "ForTokenClassification";
  return model instanceof SpanClassifier ? "ForQuestionAnswering" : "Model";
}

function tensors(model: EncoderModel, { modelType, maskedLanguage, sequence }: Naming): StoredTensor[] {
  if (model instanceof Bert) {
    return [...bodyTensors(model), ...(model.pooler ? both("pooler.dense", "pooler") : [])];
  }
  const body = bodyTensors(model.encoder as Bert, `${modelType}.`, "encoder.");
  return [...body, ...headTensors(model).map((tensor) => ({ ...tensor, optional: true }))];

  function headTensors(head: Exclude<EncoderModel, Bert>): StoredTensor[] {
    if (head instanceof MaskedLanguageModel) {
      const { transform, norm, bias } = maskedLanguage;
      return [...both(transform, "transform"), ...both(norm, "normalization"), { name: bias, parameters: ["bias"] }];
    }
    if (head instanceof SequenceClassifier)
      return [...both(sequence.pooler, "pooler"), ...both(sequence.output, "output")];
    return both(head instanceof TokenClassifier ? "classifier" : "qa_outputs", "output");
  }
}

/** @param there what names begin with in the folder, `here` in the model */
function bodyTensors({ blocks }: Bert, there = "", here = ""): StoredTensor[] {
  const table = (name: string, path: string): StoredTensor => ({
    name: `${there}embeddings.${name}_embeddings.weight`,
    parameters: [`${here}${path}.weight`],
  });
  return [
    table("word", "tokens"),
    table("position", "positions"),
    table("token_type", "tokenTypes"),
    ...both(`${there}embeddings.LayerNorm`, `${here}normalization`),
    ...blocks.flatMap((_, index) => {
      const [layer, block] = [`${there}encoder.layer.${index}`, `${here}blocks.${index}`];
      return [
        ...both(`${layer}.attention.self.query`, `${block}.attention.query`),
        ...both(`${layer}.attention.self.key`, `${block}.attention.key`),
        ...both(`${layer}.attention.self.value`, `${block}.attention.value`),
        ...both(`${layer}.attention.output.dense`, `${block}.attention.output`),
        ...both(`${layer}.attention.output.LayerNorm`, `${block}.attentionNorm`),
        ...both(`${layer}.intermediate.dense`, `${block}.feedForward.up`),
        ...both(`${layer}.output.dense`, `${block}.feedForward.down`),
        ...both(`${layer}.output.LayerNorm`, `${block}.feedForwardNorm`),
      ];
    }),
  ];
}

/** Weight and bias of a layer. */
function both(name: string, path: string): StoredTensor[] {
  return ["weight", "bias"].map((part) => ({ name: `${name}.${part}`, parameters: [`${path}.${part}`] }));
}
