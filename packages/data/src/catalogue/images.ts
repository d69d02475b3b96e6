import { type CatalogueEntry, hosted, onlyMirrored } from "./entry.ts";

const mnist = hosted("https://ossci-datasets.s3.amazonaws.com/mnist/");

/** Public data sets: images. */
export const images: readonly CatalogueEntry[] = [
  {
    name: "mnist",
    title: "MNIST handwritten digits",
    task: "image classification",
    size: "60,000 train / 10,000 test, 28x28 grey",
    licence: "CC BY-SA 3.0",
    homepage: "http://yann.lecun.com/exdb/mnist/",
    citation:
      "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proceedings of the IEEE 86(11), 1998",
    files: [
      mnist(
        "train-images-idx3-ubyte.gz",
        { sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", bytes: 9912422 },
        {
          path: "mnist/train-images-idx3-ubyte.gz",
          sha256: "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64",
          bytes: 9630610,
        },
      ),
      mnist(
        "train-labels-idx1-ubyte.gz",
        { sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", bytes: 28881 },
        "mnist/train-labels-idx1-ubyte.gz",
      ),
      mnist(
        "t10k-images-idx3-ubyte.gz",
        { sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", bytes: 1648877 },
        "mnist/t10k-images-idx3-ubyte.gz",
      ),
      mnist(
        "t10k-labels-idx1-ubyte.gz",
        { sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", bytes: 4542 },
        "mnist/t10k-labels-idx1-ubyte.gz",
      ),
    ],
  },
  {
    name: "bccd",
    title: "BCCD blood cells",
    task: "object detection",
    size: "364 jpg 640x480; 4,888 boxes: RBC 4155, WBC 372, Platelets 361; lists train 205 / val 87 / test 72",
    licence: "MIT",
    homepage: "https://github.com/Shenggan/BCCD_Dataset",
    citation: "cosmicad, akshaylamba, Shenggan: BCCD Dataset, 2017",
    files: [
      onlyMirrored({
        path: "bccd/bccd.tar.gz",
        sha256: "c3888d6c83b0db99885f36e855908202a1555a4092c1c44146ffe9ca94e37500",
        bytes: 7383842,
      }),
    ],
  },
  {
    name: "camvid",
    title: "CamVid street scenes",
    task: "semantic segmentation",
    size: "367/101/233 images 480x360, 11 classes + void(11)",
    licence: "CC BY-NC 4.0",
    licenceNote:
      "Not for commercial use: the original page states no licence; the copy distributed with the SegNet tutorial is CC BY-NC 4.0.",
    homepage: "http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/",
    citation:
      "G. Brostow, J. Fauqueur, R. Cipolla: Semantic object classes in video. Pattern Recognition Letters 30(2), 2009",
    files: [
      onlyMirrored({
        path: "camvid/camvid-360x480.tar.gz",
        sha256: "db0f346fb403e0a510259dffe31f690fdd9d8b7455fd192ea6aebd4e69b538bc",
        bytes: 31757551,
      }),
    ],
  },
];
