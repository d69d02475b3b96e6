import type { Edit } from "../aligned-text.ts";
import { base64Bytes } from "../base64.ts";
import type { NormalizerSpecification } from "../specification.ts";
import { CharacterMap } from "./precompiled.ts";

type Settings = Extract<NormalizerSpecification, { type: "SentencePiece" }>;

/**
 * SentencePiece's normalizer (`normalizer.cc`, `Normalizer::Normalize`): the longest sequence of the character map at each
 * place, runs of spaces made one and trimmed, a space in front, spaces written as ▁.
 */
export function sentencePieceEdits(settings: Settings): (text: string, edit: Edit) => void {
  const map =
    settings.precompiled_charsmap === "" ? undefined : new CharacterMap(base64Bytes(settings.precompiled_charsmap));
  const { remove_extra_whitespaces: trim, add_dummy_prefix: prefix } = settings;
  const space = settings.escape_whitespaces ? "▁" : " ";
  const whole = settings.protected.filter((text) => text !== "").sort((left, right) => right.length - left.length);
  const beginsWhole = new Set(whole.map((text) => text.charCodeAt(0)));

  return (text, edit) => {
    const starts: number[] = [];
    const outputs: string[] = [];
    let afterSpace = trim;
    for (let at = 0; at < text.length; ) {
      const kept = beginsWhole.has(text.charCodeAt(at)) ? whole.find((one) => text.startsWith(one, at)) : undefined;
      const found = kept === undefined ? map?.find(text, at) : undefined;
      const width = text.codePointAt(at)! > 0xffff ? 2 : 1;
      let output = kept ?? found?.replacement ?? text.slice(at, at + width);
      if (afterSpace) output = output.replace(/^ +/, "");
      if (output !== "") afterSpace = trim && output.endsWith(" ");
      starts.push(at);
      outputs.push(output);
      at += kept?.length ?? found?.length ?? width;
    }
    if (trim) {
      for (let last = outputs.length - 1; last >= 0; last--) {
        outputs[last] = outputs[last]!.replace(/ +$/, "");
        if (outputs[last] !== "") break;
      }
    }
    let lead = prefix ? space : "";
    for (const [index, output] of outputs.entries()) {
      const start = starts[index]!;
      const end = starts[index + 1] ?? text.length;
      const written = output === "" ? "" : lead + output.replaceAll(" ", space);
      if (written !== "") lead = "";
      if (end - start !== written.length || !text.startsWith(written, start)) edit(start, end, written);
    }
  };
}
