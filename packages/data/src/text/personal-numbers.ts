/** Weights of the 17 digits before the check digit: GB 11643-1999, 2^(18-i) mod 11. */
const identityWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const identityChecks = "10X98765432";
/** The first two digits: provinces, municipalities, regions (GB/T 2260). */
const provinces = new Set(
  "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split(" "),
);

/**
 * A Chinese identity-card number: 18 places with a check digit over ISO 7064 MOD 11-2 (GB 11643-1999), or the 15 places before 1999,
 * which have none. Region and date of birth must be possible.
 */
export function isChineseIdentityNumber(text: string): boolean {
  const places = text.replace(/[ -]/g, "").toUpperCase();
  if (!provinces.has(places.slice(0, 2))) return false;
  if (places.length === 15) return isDate(`19${places.slice(6, 12)}`);
  if (places.length !== 18 || !isDate(places.slice(6, 14))) return false;
  const sum = identityWeights.reduce((total, weight, index) => total + weight * Number(places[index]), 0);
  return identityChecks[sum % 11] === places[17];
}

/** Year, month and day as eight digits, from 1850 on. */
function isDate(digits: string): boolean {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(Number) as [
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1850 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getTime() <= Date.now();
}

/**
 * A bank card: 13 to 19 digits, a prefix and length of a known issuer (ISO/IEC 7812-1: Visa, Mastercard, American Express,
 * Diners, Discover, JCB, UnionPay, Maestro), and Luhn's test passed.
 */
export function isBankCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  return issuers.some((issuer) => issuer.test(digits)) && passesLuhn(digits);
}

const issuers: readonly RegExp[] = [
  /^4\d{12}(?:\d{3}){0,2}$/,
  /^(?:5[1-5]\d{4}|222[1-9]\d{2}|22[3-9]\d{3}|2[3-6]\d{4}|27[01]\d{3}|2720\d{2})\d{10}$/,
  /^3[47]\d{13}$/,
  /^3(?:0[0-5]|[689]\d)\d{11}$/,
  /^6(?:011|4[4-9]\d|5\d{2})\d{12}$/,
  /^35(?:2[89]|[3-8]\d)\d{12}$/,
  /^62\d{14,17}$/,
  /^(?:50|5[6-8]|6\d)\d{14,17}$/,
];

/** Luhn 1960, US patent 2,950,048: every second digit from the right doubled, digits summed, a multiple of ten. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return /[1-9]/.test(digits) && sum % 10 === 0;
}

/** Blocks of the IANA IPv4 special-purpose registry that are not reachable from everywhere, and multicast: first address, bits. */
const reservedIpv4 = (
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 " +
  "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
  .split(" ")
  .map((block) => {
    const [address, bits] = block.split("/") as [string, string];
    return { first: ipv4Number(address), size: 2 ** (32 - Number(bits)) };
  });

/** An IPv4 address that names a machine on the public internet. */
export function isPublicIpv4(text: string): boolean {
  const value = ipv4Number(text);
  return !reservedIpv4.some(({ first, size }) => value >= first && value < first + size);
}

function ipv4Number(text: string): number {
  return text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

/** An IPv6 address of RFC 4291 in the range of global unicast, 2000::/3, documentation (2001:db8::/32) aside. */
export function isPublicIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const count = groups.reduce((sum, each) => sum + each.length, 0);
  if (halves.length === 2 ? count > 7 : count !== 8) return false;
  if (groups.flat().some((group) => !/^[\da-f]{1,4}$/i.test(group))) return false;
  const first = Number.parseInt(groups[0]![0] ?? "0", 16);
  const second = Number.parseInt(groups[0]![1] ?? "0", 16);
  return first >= 0x2000 && first <= 0x3fff && !(first === 0x2001 && second === 0xdb8);
}
