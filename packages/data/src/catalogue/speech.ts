import { type CatalogueEntry, onlyMirrored } from "./entry.ts";

/** Public data sets: speech. */
export const speech: readonly CatalogueEntry[] = [
  {
    name: "fsdd",
    title: "Free Spoken Digit Dataset",
    task: "speech recognition of single digits",
    size: "3,000 wav 8 kHz, 6 speakers, 21.9 min; official test = index 0-4 (300)",
    licence: "CC BY-SA 4.0",
    homepage: "https://github.com/Jakobovski/free-spoken-digit-dataset",
    citation: "Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite: Free Spoken Digit Dataset v1.0.8, 2018",
    files: [
      onlyMirrored({
        path: "fsdd/fsdd.tar.gz",
        sha256: "1f3696c22880e7a55dc57ea1b79f48b69e5a2dce875d324fc3f31da566d9cc7d",
        bytes: 15568645,
      }),
    ],
  },
  {
    name: "ljspeech-mini",
    title: "LJ Speech, 32 clips",
    task: "speech synthesis",
    size: "32 clips, 221.7 s, 22.05 kHz, one speaker, raw+normalised text",
    licence: "Public domain",
    homepage: "https://keithito.com/LJ-Speech-Dataset/",
    citation: "K. Ito, L. Johnson: The LJ Speech Dataset, 2017",
    files: [
      onlyMirrored({
        path: "ljspeech-mini/ljspeech-mini.tar.gz",
        sha256: "302fd8d694ce968394c8bce8261ba3dbd716bb0d234ea104e88cacb994b28ece",
        bytes: 8454239,
      }),
    ],
  },
];
