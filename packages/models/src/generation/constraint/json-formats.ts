const days = "(0[1-9]|1\\d|2[0-8])";
const date = `\\d{4}-((0[1-9]|1[0-2])-${days}|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)`;
const time = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
const byte = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const label = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?";
const hex = "[0-9a-f]";

/** What the names of JSON Schema's `format` generate: subsets that every validator takes. */
export const formats: Readonly<Record<string, string>> = {
  date,
  time,
  "date-time": `${date}T${time}`,
  email: `[a-z0-9_]([a-z0-9_+-]{0,30}[a-z0-9_])?@${label}(\\.${label}){0,2}\\.[a-z]{2,10}`,
  hostname: `${label}(\\.${label}){0,3}`,
  ipv4: `${byte}(\\.${byte}){3}`,
  uuid: `${hex}{8}-${hex}{4}-[1-5]${hex}{3}-[89ab]${hex}{3}-${hex}{12}`,
  uri: `https?://${label}(\\.${label}){0,3}(/[A-Za-z0-9_.~-]{1,30}){0,6}/?(\\?[A-Za-z0-9_.~=&-]{1,60})?`,
};
