import { type CatalogueEntry, hosted } from "./entry.ts";

const multi30k = hosted("https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/");
const tatoeba = hosted(
  "https://raw.githubusercontent.com/DaoChaShao/py-st-dl-translater-2.0/620408eda1721f683e2413778ad19e4f94691053/",
);

/** Public data sets: translations. */
export const translations: readonly CatalogueEntry[] = [
  {
    name: "multi30k",
    title: "Multi30k captions",
    task: "translation (en-de, en-fr)",
    size: "29,000 train / 1,014 val / 1,000+1,000+461 test",
    licence: "Not stated",
    licenceNote:
      "Not for commercial use: no licence file, images for research only; commonly cited as CC BY-NC-SA 4.0.",
    homepage: "https://github.com/multi30k/dataset",
    citation:
      "D. Elliott, S. Frank, K. Sima’an, L. Specia: Multi30K: multilingual English-German image descriptions. VL 2016",
    files: [
      multi30k(
        "data/task1/raw/train.en.gz",
        { sha256: "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f", bytes: 568929 },
        "multi30k/train.en.gz",
      ),
      multi30k(
        "data/task1/raw/train.de.gz",
        { sha256: "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6", bytes: 637044 },
        "multi30k/train.de.gz",
      ),
      multi30k(
        "data/task1/raw/train.fr.gz",
        { sha256: "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c", bytes: 604242 },
        "multi30k/train.fr.gz",
      ),
      multi30k(
        "data/task1/raw/val.en.gz",
        { sha256: "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28", bytes: 21650 },
        "multi30k/val.en.gz",
      ),
      multi30k(
        "data/task1/raw/val.de.gz",
        { sha256: "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a", bytes: 24681 },
        "multi30k/val.de.gz",
      ),
      multi30k(
        "data/task1/raw/val.fr.gz",
        { sha256: "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9", bytes: 23001 },
        "multi30k/val.fr.gz",
      ),
      multi30k(
        "data/task1/raw/test_2016_flickr.en.gz",
        { sha256: "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9", bytes: 21077 },
        "multi30k/test_2016_flickr.en.gz",
      ),
      multi30k(
        "data/task1/raw/test_2016_flickr.de.gz",
        { sha256: "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8", bytes: 22890 },
        "multi30k/test_2016_flickr.de.gz",
      ),
      multi30k(
        "data/task1/raw/test_2016_flickr.fr.gz",
        { sha256: "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90", bytes: 22310 },
        "multi30k/test_2016_flickr.fr.gz",
      ),
      multi30k(
        "data/task1/raw/test_2017_flickr.en.gz",
        { sha256: "76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074", bytes: 19138 },
        "multi30k/test_2017_flickr.en.gz",
      ),
      multi30k(
        "data/task1/raw/test_2017_flickr.de.gz",
        { sha256: "a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee", bytes: 21471 },
        "multi30k/test_2017_flickr.de.gz",
      ),
      multi30k(
        "data/task1/raw/test_2017_flickr.fr.gz",
        { sha256: "3ba671ceb2299f3304ffafefea7a833d08632fbaf0ba18546f8a2ec2391af496", bytes: 20434 },
        "multi30k/test_2017_flickr.fr.gz",
      ),
      multi30k(
        "data/task1/raw/test_2017_mscoco.en.gz",
        { sha256: "aab300bfb4427697987e02cd0aacd44bfe8aa50456231b6474c08038bbed2b58", bytes: 8844 },
        "multi30k/test_2017_mscoco.en.gz",
      ),
      multi30k(
        "data/task1/raw/test_2017_mscoco.de.gz",
        { sha256: "799e4854c25d601cb6cb6be29eabe5667734c61ace2f495e03e429031a0bc338", bytes: 10230 },
        "multi30k/test_2017_mscoco.de.gz",
      ),
      multi30k(
        "data/task1/raw/test_2017_mscoco.fr.gz",
        { sha256: "754f3072ba9f124569ba5258b32730fc1d214bbf8e0c6dfb2b74401676220db0", bytes: 9751 },
        "multi30k/test_2017_mscoco.fr.gz",
      ),
    ],
  },
  {
    name: "cmn-eng",
    title: "Tatoeba English-Mandarin pairs",
    task: "translation (en-zh)",
    size: "29,155 pairs, short sentences; many English lines repeat with several translations: split by English side",
    licence: "CC BY 2.0 FR",
    licenceNote: "Attribution is in the third column of every row and must stay.",
    homepage: "https://www.manythings.org/anki/",
    citation: "Tatoeba contributors; C. Kelly, manythings.org",
    files: [
      tatoeba(
        "data/cmn.txt",
        { sha256: "9da1af87e3e61650aa38595e60baef3a4e3a18ed239a7ef4a764c0a87c7ddeff", bytes: 4151351 },
        {
          path: "cmn-eng/cmn.txt.gz",
          sha256: "ab68c13d04e8b31e8afa9ab41d32c0743ef0b0b984fddf4e53cc66e6bf83e9dc",
          bytes: 1227851,
        },
      ),
    ],
  },
];
