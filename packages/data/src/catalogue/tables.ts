import { type CatalogueEntry, hosted } from "./entry.ts";

const uci = hosted("https://raw.githubusercontent.com/jbrownlee/Datasets/d20fcb6402ae34e653d4513b00f39257bb37ed7f/");
const scikitLearn = hosted("https://raw.githubusercontent.com/scikit-learn/scikit-learn/1.9.1/");
const seaborn = hosted(
  "https://raw.githubusercontent.com/mwaskom/seaborn-data/71e2436a092d714350de0fc409ca8a8714e7e78f/",
);

/** Public data sets: tables. */
export const tables: readonly CatalogueEntry[] = [
  {
    name: "adult",
    title: "Adult census income",
    task: "classification (2 classes)",
    size: "32,561 train / 16,281 test",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/2/adult",
    citation: "R. Kohavi: Scaling up the accuracy of naive-Bayes classifiers: a decision-tree hybrid. KDD 1996",
    files: [
      uci(
        "adult-train.csv",
        { sha256: "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d", bytes: 3974305 },
        {
          path: "tabular/adult-train.csv.gz",
          sha256: "fb9b6b419c38dd70d75d31f014b7f0905bf76e9625473c593455e31679a93184",
          bytes: 409337,
        },
      ),
      uci(
        "adult-test.csv",
        { sha256: "72567b94f5c1a6f8501377dd80f93892c3848ff071cf91ba47e00b0785a28074", bytes: 2003132 },
        {
          path: "tabular/adult-test.csv.gz",
          sha256: "d16c978b95fe8ecec94dec57782a85ed9720c507d93a4608e8f182a8e6378d4a",
          bytes: 205487,
        },
      ),
    ],
  },
  {
    name: "iris",
    title: "Iris flowers",
    task: "classification (3 classes)",
    size: "150 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/53/iris",
    citation: "R. A. Fisher: The use of multiple measurements in taxonomic problems. Annals of Eugenics 7, 1936",
    files: [
      uci(
        "iris.csv",
        { sha256: "f5d0c11e5c78a69a20dbb80baf2b24703f59a6687595752abb397d23732647c5", bytes: 4549 },
        {
          path: "tabular/iris.csv.gz",
          sha256: "89e38f0ecb17b26dd892ebec0ffaa26b9faf9a79b968a67ffc0c04ec0f5d0014",
          bytes: 839,
        },
      ),
    ],
  },
  {
    name: "wine",
    title: "Wine cultivars",
    task: "classification (3 classes)",
    size: "178 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/109/wine",
    citation:
      "M. Forina et al.: PARVUS, an extendible package for data exploration, classification and correlation, 1991",
    files: [
      uci(
        "wine.csv",
        { sha256: "e9c16b779f9194945067f65118da6afb317ef60c6515879c50124dc4f6cdd756", bytes: 10782 },
        {
          path: "tabular/wine.csv.gz",
          sha256: "e42cd1f730658ba6eb1230acb4134f356a60dbc4390149679e206e2319f55638",
          bytes: 4097,
        },
      ),
    ],
  },
  {
    name: "wdbc",
    title: "Breast cancer Wisconsin (diagnostic)",
    task: "classification (2 classes)",
    size: "569 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
    citation:
      "W. N. Street, W. H. Wolberg, O. L. Mangasarian: Nuclear feature extraction for breast tumor diagnosis. SPIE 1905, 1993",
    files: [
      scikitLearn(
        "sklearn/datasets/data/breast_cancer.csv",
        { sha256: "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed", bytes: 119913 },
        {
          path: "tabular/sklearn_breast_cancer.csv.gz",
          sha256: "aa86c8de0789d7e6c1462566542a259ad97c64e5c553f83245f34e0828d6460e",
          bytes: 46391,
        },
      ),
    ],
  },
  {
    name: "breast-cancer",
    title: "Breast cancer Wisconsin (original)",
    task: "classification (2 classes)",
    size: "699 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/15/breast+cancer+wisconsin+original",
    citation:
      "W. H. Wolberg, O. L. Mangasarian: Multisurface method of pattern separation for medical diagnosis applied to breast cytology. PNAS 87, 1990",
    files: [
      uci(
        "breast-cancer-wisconsin.csv",
        { sha256: "9c9dc50e62dbcece16e5707bdec7514f87230d0aa35798b9aaffbc77cf736f1f", bytes: 14486 },
        {
          path: "tabular/breast-cancer-wisconsin.csv.gz",
          sha256: "2b12ab72528c96009be0e8a7d7c13aafa0d7db59f4e37c4e3f8b705cbeb55061",
          bytes: 2937,
        },
      ),
    ],
  },
  {
    name: "banknote",
    title: "Banknote authentication",
    task: "classification (2 classes)",
    size: "1,372 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/267/banknote+authentication",
    citation: "V. Lohweg: Banknote Authentication. UCI Machine Learning Repository, 2012",
    files: [
      uci(
        "banknote_authentication.csv",
        { sha256: "d0539aaed2139ba7a587b3e34fb345ce503ff7d5d33dbf9912d8e195ce425cb9", bytes: 46400 },
        {
          path: "tabular/banknote_authentication.csv.gz",
          sha256: "545d46d2c3108d1da050295bc0c05ec5d969eb4f2c2c69d445c34a2f27ee7f53",
          bytes: 19092,
        },
      ),
    ],
  },
  {
    name: "abalone",
    title: "Abalone age",
    task: "regression",
    size: "4,177 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/1/abalone",
    citation:
      "W. J. Nash et al.: The population biology of abalone in Tasmania. Sea Fisheries Division Technical Report 48, 1994",
    files: [
      uci(
        "abalone.csv",
        { sha256: "eb2de13be807e9bb9ec4128b9c89b98ab23d7739121cfd17b7dde69b46ba7bf6", bytes: 191872 },
        {
          path: "tabular/abalone.csv.gz",
          sha256: "d53200bff0634be624f9ffaad609623fcada537ce04834bc8b19ec246d49414a",
          bytes: 52797,
        },
      ),
    ],
  },
  {
    name: "german",
    title: "German credit",
    task: "classification (2 classes)",
    size: "1,000 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/144/statlog+german+credit+data",
    citation: "H. Hofmann: Statlog (German Credit Data). UCI Machine Learning Repository, 1994",
    files: [
      uci(
        "german.csv",
        { sha256: "ec12a88b9fc14d74ba646ea0410cf7ff4533bec2eb61652f8ad76796bbfec017", bytes: 79793 },
        {
          path: "tabular/german.csv.gz",
          sha256: "58804d9ae43946473625735ddd43204d4df94f15af829615690d5fb1b8d97c51",
          bytes: 12728,
        },
      ),
    ],
  },
  {
    name: "ionosphere",
    title: "Ionosphere radar returns",
    task: "classification (2 classes)",
    size: "351 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/52/ionosphere",
    citation:
      "V. G. Sigillito, S. P. Wing, L. V. Hutton, K. B. Baker: Classification of radar returns from the ionosphere using neural networks. Johns Hopkins APL Technical Digest 10, 1989",
    files: [
      uci(
        "ionosphere.csv",
        { sha256: "fd6dd7864b55d56dac0a1e6e24af9ccc35bf2555ac79af8ab9f3d1daa065ab83", bytes: 76466 },
        {
          path: "tabular/ionosphere.csv.gz",
          sha256: "25ee627bba473a34c01c24676a11a5e1ad963b68b06ff6645ccbbaf6edd76a9d",
          bytes: 28048,
        },
      ),
    ],
  },
  {
    name: "penguins",
    title: "Palmer penguins",
    task: "classification (3 classes)",
    size: "344 rows",
    licence: "CC0 1.0",
    homepage: "https://allisonhorst.github.io/palmerpenguins/",
    citation: "A. M. Horst, A. P. Hill, K. B. Gorman: palmerpenguins, 2020",
    files: [
      seaborn(
        "penguins.csv",
        { sha256: "e07636bd8af74260099ea2f8678e2eabbf35def579940cc76f67061ee16c06c1", bytes: 13478 },
        {
          path: "tabular/penguins.csv.gz",
          sha256: "840719ba8642182dfe482b9b47950756e7e514798648eecb7d172c367646e02a",
          bytes: 2714,
        },
      ),
    ],
  },
  {
    name: "winequality",
    title: "Wine quality",
    task: "regression or classification (ordered scores)",
    size: "1,599 red / 4,898 white",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/186/wine+quality",
    citation:
      "P. Cortez, A. Cerdeira, F. Almeida, T. Matos, J. Reis: Modeling wine preferences by data mining from physicochemical properties. Decision Support Systems 47(4), 2009",
    files: [
      uci(
        "winequality-red.csv",
        { sha256: "c9614512e980f1cbd221c796daa97f00c4898c3cd1716863abac60f6cd1a522e", bytes: 84028 },
        {
          path: "tabular/winequality-red.csv.gz",
          sha256: "0f354f4fb936a0a0e0b05f6af8f97ea0e4541dcc4efbb9b976c4e0569acf8c57",
          bytes: 22508,
        },
      ),
      uci(
        "winequality-white.csv",
        { sha256: "659d419fff887f225bf977d20520bb64a64cae203e460087f809721d4430ba27", bytes: 264255 },
        {
          path: "tabular/winequality-white.csv.gz",
          sha256: "8c42973caa9641368001eb73af472aaa99e0f1072389c5e6c5b07ed9cdddf9b1",
          bytes: 66565,
        },
      ),
    ],
  },
  {
    name: "sklearn_digits",
    title: "Optical digits, 8 × 8",
    task: "classification (10 classes)",
    size: "1,797 rows",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    citation:
      "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998",
    files: [
      scikitLearn(
        "sklearn/datasets/data/digits.csv.gz",
        { sha256: "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22", bytes: 57523 },
        "tabular/sklearn_digits.csv.gz",
      ),
    ],
  },
];
