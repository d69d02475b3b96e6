// Runs one bundle of specs and writes { passed, failed } to the file that NACRE_CONFORMANCE_RESULTS names. Plain JavaScript:
// the specs must be the only thing that is compiled.
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import Jasmine from "jasmine";

const [bundle] = process.argv.slice(2);
const jasmine = new Jasmine({ projectBaseDir: dirname(bundle) });
jasmine.loadConfig({ spec_dir: ".", spec_files: [bundle], random: false });
jasmine.clearReporters();
jasmine.exitOnCompletion = false;

const results = { passed: [], failed: {} };
// Names carry the environment: `add cpu {} same-shape`.
const plain = (name) => name.replace(/ [a-z]+ \{[^}]*\}/, "");
jasmine.addReporter({
  specDone({ status, fullName, failedExpectations }) {
    if (status === "passed") results.passed.push(plain(fullName));
    else if (status === "failed") results.failed[plain(fullName)] = failedExpectations[0]?.message.slice(0, 300) ?? "";
  },
});
await jasmine.execute();
writeFileSync(process.env.NACRE_CONFORMANCE_RESULTS, JSON.stringify(results));
process.exit(0);
