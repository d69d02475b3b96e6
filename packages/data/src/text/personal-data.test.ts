import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findPersonalData, maskPersonalData, maskText, type PersonalDataKind } from "./personal-data.ts";
import { isBankCard, isChineseIdentityNumber, isPublicIpv4, isPublicIpv6, passesLuhn } from "./personal-numbers.ts";
import { startTextCleaning } from "./text-cleaning.ts";

const golden = new URL("../../../../../shared/golden/text/datatrove_pii.json", import.meta.url);
const goldenIsHere = existsSync(golden);
if (!goldenIsHere) console.log(`Skipped: no reference vectors at ${golden.pathname}`);

interface Labelled {
  readonly text: string;
  /** What a person marked: kind and exact text, in order. */
  readonly found: readonly (readonly [PersonalDataKind, string])[];
}
const labelled = JSON.parse(
  readFileSync(new URL("fixtures/personal-data.json", import.meta.url), "utf8"),
) as readonly Labelled[];

describe("personal data", () => {
  it.skipIf(!goldenIsHere)("masks as datatrove does", () => {
    const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { cases: { text: string; expected: string }[] };
    for (const { text, expected } of cases) {
      expect(maskText(text, { kinds: ["email", "ip"], masks: { email: "EMAIL", ip: "IP" } }).text).toBe(expected);
    }
  });

  it("finds what people marked in the written test set: precision and recall by kind", () => {
    const counts = new Map<string, { right: number; found: number; marked: number }>();
    const wrong: unknown[] = [];
    for (const { text, found: marked } of labelled) {
      const found = findPersonalData(text).map(({ kind, text: match }) => `${kind} ${match}`);
      const wanted = marked.map(([kind, match]) => `${kind} ${match}`);
      if (found.join() !== wanted.join()) wrong.push({ text, found, wanted });
      for (const kind of ["email", "phone", "identity-card", "bank-card", "ip"]) {
        const of = (list: readonly string[]) => list.filter((each) => each.startsWith(`${kind} `));
        const count = counts.get(kind) ?? { right: 0, found: 0, marked: 0 };
        counts.set(kind, {
          right: count.right + of(found).filter((each) => wanted.includes(each)).length,
          found: count.found + of(found).length,
          marked: count.marked + of(wanted).length,
        });
      }
    }
    if (process.env.NACRE_SHOW) console.log(JSON.stringify(wrong, null, 1), counts);
    for (const [kind, { right, found, marked }] of counts) {
      expect(right / found, `precision of ${kind}`).toBeGreaterThanOrEqual(0.95);
      expect(right / marked, `recall of ${kind}`).toBeGreaterThanOrEqual(0.9);
      expect(marked, kind).toBeGreaterThanOrEqual(10);
    }
  });

  it("checks the digits of identity cards", () => {
    for (const good of ["11010519491231002X", "440524188001010014", "110105194912310 02x", "130503670401001"]) {
      expect(isChineseIdentityNumber(good), good).toBe(true);
    }
    for (const bad of ["110105194912310021", "11010519491331002X", "99010519491231002X", "13050367130100"]) {
      expect(isChineseIdentityNumber(bad), bad).toBe(false);
    }
    // One wrong digit, or two neighbours exchanged, never pass.
    const number = "11010519491231002X";
    for (let at = 14; at < 17; at++) {
      for (let digit = 0; digit < 10; digit++) {
        if (String(digit) === number[at]) continue;
        expect(isChineseIdentityNumber(number.slice(0, at) + digit + number.slice(at + 1))).toBe(false);
      }
    }
  });

  it("checks cards by issuer and Luhn's test", () => {
    expect(["79927398713", "4111111111111111", "0000"].map(passesLuhn)).toEqual([true, true, false]);
    expect(
      ["4111111111111111", "5555 5555 5555 4444", "378282246310005", "6222021234567890128"].map(isBankCard),
    ).toEqual([true, true, true, passesLuhn("6222021234567890128")]);
    expect(["4111111111111112", "1111111111111117", "9999999999999995"].map(isBankCard)).toEqual([false, false, false]);
  });

  it("knows public addresses", () => {
    expect(["8.8.8.8", "172.32.0.1", "192.168.0.1", "169.254.1.1", "224.0.0.1"].map(isPublicIpv4)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    const six = ["2400:cb00:2048:1::c629:d7a2", "2001:db8::1", "fe80::1", "2a::b::c", "1:2:3:4:5:6:7", "2607:f8b0::"];
    expect(six.map(isPublicIpv6)).toEqual([true, false, false, false, false, true]);
  });

  it("takes no more than linear time on hostile text", () => {
    const hostile = [
      "a-".repeat(50_000),
      "1".repeat(100_000),
      "a.".repeat(50_000),
      "1:".repeat(50_000),
      "@a.".repeat(30_000),
      "+1 ".repeat(30_000),
    ];
    for (const text of hostile) expect(findPersonalData(text).length).toBeLessThan(30_001);
  });

  it("counts by kind as a cleaning step, and leaves what it is not asked for", () => {
    const pass = startTextCleaning([maskPersonalData({ kinds: ["email"] })]);
    expect(pass.clean({ text: "a@b.com, c@d.cn; 13812345678", id: 1 })).toEqual({
      text: "<EMAIL>, <EMAIL>; 13812345678",
      id: 1,
    });
    expect(pass.cleaning()).toEqual([{ reason: "personal data: email", action: "changed", count: 2 }]);
  });

  it("takes finders beside its own", () => {
    const find = (text: string) => [{ kind: "phone" as const, start: text.indexOf("0171"), end: text.length }];
    expect(maskText("Ruf an: 0171 5551234", { finders: [find] }).text).toBe("Ruf an: <PHONE>");
  });
});
