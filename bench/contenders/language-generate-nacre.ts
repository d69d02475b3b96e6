// Prompt and generated tokens per second of a Llama of 135 M parameters by Nacre, weights random.
import { causalDecoder, type DecodingSession, Llama, quantizeModel, smolLm135M } from "@nacre/models";
import { Random } from "@nacre/random";
import { parameters, ready, tf } from "@nacre/tensor";
import { printTokenRates, settings, written } from "./language-settings.ts";

await ready();
const model = new Llama(smolLm135M());
[...parameters(model).values()].forEach((parameter, index) => {
  const values = new Random(index).fillUniform(new Float32Array(parameter.size), -0.05, 0.05);
  parameter.assign(tf.tensor(values, parameter.shape));
});
if (settings.bits !== 32) quantizeModel(model, settings.bits);
const decoder = causalDecoder(model);
let session: DecodingSession | undefined;
await printTokenRates({
  async start(prompt) {
    session?.dispose();
    session = decoder.open({ padding: [0], capacity: prompt.length + written });
    await session.advance(Int32Array.from(prompt));
  },
  async next(token) {
    await session!.advance(Int32Array.of(token));
  },
});
