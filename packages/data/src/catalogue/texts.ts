import { type CatalogueEntry, hosted, onlyMirrored } from "./entry.ts";

const charRnn = hosted("https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/");
const makemore = hosted(
  "https://raw.githubusercontent.com/karpathy/makemore/988aa59e4d8fefa526d06f3b453ad116258398d4/",
);
const cmrc2018 = hosted("https://raw.githubusercontent.com/ymcui/cmrc2018/c0eb1b6ba219847457e6af3180da722bbeb656af/");
const xquad = hosted(
  "https://raw.githubusercontent.com/google-deepmind/xquad/7d30520c717524000f0d9d2f9c10a069acd9d285/",
);
const polyai = hosted(
  "https://raw.githubusercontent.com/PolyAI-LDN/task-specific-datasets/57ec275d8078af65b7731c2a98be812d844a6d6b/",
);
const csl = hosted("https://raw.githubusercontent.com/ydli-ai/CSL/0f1ac0626d584cd3c72f8be26d329eb4f967cfd0/");

/** Public data sets: texts. */
export const texts: readonly CatalogueEntry[] = [
  {
    name: "tinyshakespeare",
    title: "Tiny Shakespeare",
    task: "text generation (en)",
    size: "1,115,394 chars, 65 symbols; 90/10 split by position",
    licence: "Public domain",
    licenceNote: "The text is in the public domain; the repository that hosts the selection has no licence file.",
    homepage: "https://github.com/karpathy/char-rnn",
    citation: "A. Karpathy: char-rnn, 2015",
    files: [
      charRnn(
        "data/tinyshakespeare/input.txt",
        { sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed", bytes: 1115394 },
        {
          path: "tinyshakespeare/input.txt.gz",
          sha256: "13125fe8f49092165d7d489e3944db52d1ba546e64a60080cc9523bcd0c5e46a",
          bytes: 433884,
        },
      ),
    ],
  },
  {
    name: "names",
    title: "First names",
    task: "text generation (en, characters)",
    size: "32,033 names",
    licence: "MIT",
    homepage: "https://github.com/karpathy/makemore",
    citation: "A. Karpathy: makemore, 2022; names of the US Social Security Administration",
    files: [
      makemore(
        "names.txt",
        { sha256: "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d", bytes: 228145 },
        {
          path: "names/names.txt.gz",
          sha256: "d7236f0787c450a20e2b0a08de6fc36f5543f54b182ae91cad31788defa6693a",
          bytes: 103147,
        },
      ),
    ],
  },
  {
    name: "chinese-poetry",
    title: "Chinese poetry",
    task: "text generation (zh)",
    size: "15,344 poems/chapters; traditional (Tang) and simplified mixed",
    licence: "MIT",
    homepage: "https://github.com/chinese-poetry/chinese-poetry",
    citation: "chinese-poetry contributors: chinese-poetry",
    files: [
      onlyMirrored({
        path: "chinese-poetry/chinese-poetry-subset.tar.gz",
        sha256: "23f769c175d8832571d25fcc5a9f5365a843962e9459aa2eb4b4cf575c2ab2fa",
        bytes: 2541119,
      }),
    ],
  },
  {
    name: "cmrc2018",
    title: "CMRC 2018 reading comprehension",
    task: "question answering (zh)",
    size: "dev 3,219 + trial 1,002 (train 10k too large for the store)",
    licence: "CC BY-SA 4.0",
    homepage: "https://github.com/ymcui/cmrc2018",
    citation: "Y. Cui et al.: A span-extraction dataset for Chinese machine reading comprehension. EMNLP 2019",
    files: [
      cmrc2018(
        "squad-style-data/cmrc2018_dev.json",
        { sha256: "e9ff74231f05c230c6fa88b84441ee334d97234cbb610991cd94b82db00c7f1f", bytes: 3299139 },
        {
          path: "cmrc2018/cmrc2018_dev.json.gz",
          sha256: "5e6afc31a86ed14c0981ad36661f4a0032792bf8550ff21db554c99f7f718abf",
          bytes: 740379,
        },
      ),
      cmrc2018(
        "squad-style-data/cmrc2018_trial.json",
        { sha256: "f3fae95b57da8e03afb2b57467dd221417060ef4d82db13bf22fc88589f3a6f3", bytes: 800221 },
        {
          path: "cmrc2018/cmrc2018_trial.json.gz",
          sha256: "30b9e3757b4da54bd00969e07e4e2b8171209f13eb0af207587359023288a507",
          bytes: 222326,
        },
      ),
    ],
  },
  {
    name: "xquad",
    title: "XQuAD",
    task: "question answering (en, zh, de)",
    size: "240 paragraphs, 1,190 questions each",
    licence: "CC BY-SA 4.0",
    homepage: "https://github.com/google-deepmind/xquad",
    citation:
      "M. Artetxe, S. Ruder, D. Yogatama: On the cross-lingual transferability of monolingual representations. ACL 2020",
    files: [
      xquad(
        "xquad.en.json",
        { sha256: "e4c57d1c9143aaa1c5d265ba5987a65f4e69528d2a98f29d6e75019b10344f29", bytes: 609383 },
        {
          path: "xquad/xquad.en.json.gz",
          sha256: "5d48a9af186bf7398f36304c0528fba87e0f52c5c7d7975755ece7c43516f298",
          bytes: 120830,
        },
      ),
      xquad(
        "xquad.zh.json",
        { sha256: "691d0b3359bc6b8faa8de931dfdfe21d50a65861ae348e32a0d1a0190b0c8835", bytes: 808652 },
        {
          path: "xquad/xquad.zh.json.gz",
          sha256: "0693d8feba04658139f59e2d84b1b0fd0601cc1df629e126c0d7e7dd2ce1b5c0",
          bytes: 135259,
        },
      ),
      xquad(
        "xquad.de.json",
        { sha256: "990b5d746746ed65ed4702ea5f35f99ffa4e2f1c390c07d003642acd937916f9", bytes: 669810 },
        {
          path: "xquad/xquad.de.json.gz",
          sha256: "491d21b835d5ac97cfb594da0a7affb1ce5a8d37c58c86c3e01dc46b06d09366",
          bytes: 137210,
        },
      ),
    ],
  },
  {
    name: "banking77",
    title: "Banking77 intents",
    task: "text classification (en, 77 intents)",
    size: "10,003 train / 3,080 test",
    licence: "CC BY 4.0",
    homepage: "https://github.com/PolyAI-LDN/task-specific-datasets",
    citation:
      "I. Casanueva, T. Temčinas, D. Gerz, M. Henderson, I. Vulić: Efficient intent detection with dual sentence encoders. NLP4ConvAI 2020",
    files: [
      polyai(
        "banking_data/train.csv",
        { sha256: "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b", bytes: 839073 },
        {
          path: "banking77/train.csv.gz",
          sha256: "986431813f89f842cbc396388c2f2630ae33fa30a533cc5cfa9e199f0e527bb0",
          bytes: 157077,
        },
      ),
      polyai(
        "banking_data/test.csv",
        { sha256: "d12d6e3bc4c3103966ae786dc435913c0c563dfa328f5a3646d0e62cfeeb474d", bytes: 239961 },
        {
          path: "banking77/test.csv.gz",
          sha256: "7bd00d4437c0d07f17ad2bbdac416e27d9aae4e8f9845c60fc2e20638526c4f4",
          bytes: 50906,
        },
      ),
      polyai(
        "banking_data/categories.json",
        { sha256: "53261da888122daf2d120d925458631d9619e15d82e56052e7a42e535ce32b63", bytes: 2036 },
        {
          path: "banking77/categories.json.gz",
          sha256: "ed2a9a1d5719a02175c1edc92a4b7936ca49cbcf16523664442430ea585d2567",
          bytes: 718,
        },
      ),
    ],
  },
  {
    name: "restaurant8k-spans",
    title: "Restaurant-8k",
    task: "span extraction (en)",
    size: "8,198 train / 3,731 test",
    licence: "CC BY 4.0",
    homepage: "https://github.com/PolyAI-LDN/task-specific-datasets",
    citation: "S. Coope, T. Farghly, D. Gerz, I. Vulić, M. Henderson: Span-ConveRT. ACL 2020",
    files: [
      polyai(
        "span_extraction/restaurant8k/train_0.json",
        { sha256: "90cb03e1cdd3ee141829605955a54d946308e1558250ca1e7413f260443bc6a4", bytes: 2606612 },
        {
          path: "restaurant8k-spans/train_0.json.gz",
          sha256: "084e0c4c92700d2ea966d5ec7dc9e74b366929278637a65fbf77ec94fb955e87",
          bytes: 193539,
        },
      ),
      polyai(
        "span_extraction/restaurant8k/test.json",
        { sha256: "31dbbb2fa36319f9f1f2c3ed441619ebf6e081f82aefd484b98caf86cd826ab0", bytes: 1189740 },
        {
          path: "restaurant8k-spans/test.json.gz",
          sha256: "163a66e50ba0e53e47e2f0f6e0644aa2928f7f8b9f71ea9b68d6bd91117d4883",
          bytes: 71862,
        },
      ),
    ],
  },
  {
    name: "csl-category-zh",
    title: "CSL categories of papers",
    task: "text classification (zh, 13 classes)",
    size: "8,000/1,000/1,000",
    licence: "Apache-2.0",
    homepage: "https://github.com/ydli-ai/CSL",
    citation: "Y. Li et al.: CSL: a large-scale Chinese scientific literature dataset. COLING 2022",
    files: [
      csl(
        "benchmark/cls_ctg/train.tsv",
        { sha256: "a9680e3952b4f2d2bb70792ca94c391d956607bff48ffcc182cbe152d86b67f2", bytes: 601477 },
        {
          path: "csl-category-zh/train.tsv.gz",
          sha256: "76bdb29e17c40153fa87fb457a83daf64a60c904be95fdfc910112b80074b03d",
          bytes: 239211,
        },
      ),
      csl(
        "benchmark/cls_ctg/dev.tsv",
        { sha256: "7549de53ae2a29f1fe014b250ea53324b7dcaaca7b7ca5c10cb9f17fec769751", bytes: 74747 },
        {
          path: "csl-category-zh/dev.tsv.gz",
          sha256: "5ee23da54bc2c861a9944def3bcefb74116198f11a98340fa4e451d5f0a0d3b2",
          bytes: 31162,
        },
      ),
      csl(
        "benchmark/cls_ctg/test.tsv",
        { sha256: "337cace3a8854f993dca462c9ae34e785beaccd016e11c938016c79c91ca9c83", bytes: 74522 },
        {
          path: "csl-category-zh/test.tsv.gz",
          sha256: "3dd25f51a0b9c37ba162547edff9b49ddc9125007182df7f10ff6ae5479f31cc",
          bytes: 30769,
        },
      ),
    ],
  },
  {
    name: "sentiment-sentences",
    title: "Sentiment labelled sentences",
    task: "text classification (en, 2 classes)",
    size: "1,000 restaurant sentences, 500 positive / 500 negative",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/331/sentiment+labelled+sentences",
    citation:
      "D. Kotzias, M. Denil, N. de Freitas, P. Smyth: From group to individual labels using deep features. KDD 2015",
    files: [
      onlyMirrored({
        path: "sentiment-sentences/yelp.tsv",
        sha256: "a9cb5732a15f008046572e929a2d3088d13c9713e3961cdfabd8c448a8d158ab",
        bytes: 61331,
      }),
    ],
  },
];
