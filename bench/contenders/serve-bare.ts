// What Node itself can do: parse JSON, answer JSON, no model.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { inputs } = JSON.parse(Buffer.concat(chunks).toString()) as { inputs: unknown[] };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ outputs: inputs.map(() => ({ label: "0", index: 0 })) }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}/`));
