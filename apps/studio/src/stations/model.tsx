import type { Architecture } from "@nacre/tasks";
import { number, text } from "../i18n/text.ts";
import { Station } from "../parts/station.tsx";

export function ModelStation({ architecture }: { architecture: Architecture | null }) {
  return (
    <Station name="model">
      {architecture === null ? <p class="empty">{text("notYetModel")}</p> : <Layers architecture={architecture} />}
    </Station>
  );
}

function Layers({ architecture }: { architecture: Architecture }) {
  const most = Math.max(...architecture.layers.map(({ parameters }) => parameters), 1);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={text("model")}>
      <table class="layers">
        <thead>
          <tr>
            <th scope="col">{text("layer")}</th>
            <th scope="col">{text("type")}</th>
            <th scope="col">{text("output")}</th>
            <th scope="col" class="figure-cell">
              {text("parameters")}
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{architecture.name}</th>
            <td />
            <td>
              <code>{shape(architecture.input)}</code>
            </td>
            <td />
            <td />
          </tr>
          {architecture.layers.map(({ name, type, outputShape, parameters }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{type}</td>
              <td>
                <code>{shape(outputShape)}</code>
              </td>
              <td class="figure-cell">{parameters === 0 ? "" : number(parameters)}</td>
              <td class="bar-cell" aria-hidden="true">
                <span class="bar" style={{ width: `${(100 * parameters) / most}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{text("total")}</th>
            <td />
            <td />
            <td class="figure-cell">{number(architecture.parameters)}</td>
            <td />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function shape(sizes: readonly (number | null)[]): string {
  return sizes.length === 0 ? "" : `[${sizes.map((size) => size ?? "B").join(" × ")}]`;
}
