import { tf } from "@nacre/tensor";
import type { InPlaceContext, NamedTensors, TensorTree, Transform, TransformContext } from "./transform.ts";
import type { ParameterFilter } from "./transforms/weights.ts";

type Side = "inside" | "outside";
type Sides = { readonly inside: TensorTree; readonly outside: TensorTree };

/** One transform for the parameters of a filter, another for the rest. Its learning rate is the first's. */
export function partition(
  belongs: ParameterFilter,
  transforms: { readonly inside: Transform; readonly outside: Transform },
): Transform<Sides> {
  const { inside, outside } = transforms;
  const of = (side: Side, values: NamedTensors, parameters: NamedTensors): NamedTensors =>
    select(values, (name) => belongs(name, parameters.get(name)!) === (side === "inside"));
  const update = (side: Side, updates: NamedTensors, state: Sides, context: TransformContext) => {
    const { parameters } = context;
    const own = { ...context, parameters: of(side, parameters, parameters) };
    return transforms[side].update(of(side, updates, parameters), state[side], own);
  };
  const inPlace = (side: Side, gradients: NamedTensors, state: Sides, context: InPlaceContext): TensorTree => {
    const { parameters, gradientScale } = context;
    const variables = of(side, context.variables, parameters) as ReadonlyMap<string, tf.Variable>;
    const own = of(side, gradients, parameters);
    if (transforms[side].applyInPlace !== undefined) {
      const here = { ...context, variables, parameters: variables };
      return transforms[side].applyInPlace(own, state[side], here);
    }
    const scaled = new Map([...own].map(([name, gradient]) => [name, tf.mul(gradient, gradientScale)]));
    const result = update(side, scaled, state, context);
    for (const [name, variable] of variables) variable.assign(tf.add(variable, result.updates.get(name)!));
    return result.state;
  };
  return {
    init: (parameters) => ({
      inside: inside.init(of("inside", parameters, parameters)),
      outside: outside.init(of("outside", parameters, parameters)),
    }),
    update(updates, state, context) {
      const [first, second] = [update("inside", updates, state, context), update("outside", updates, state, context)];
      return {
        updates: new Map([...first.updates, ...second.updates]),
        state: { inside: first.state, outside: second.state },
      };
    },
    applyInPlace: (gradients, state, context) => ({
      inside: inPlace("inside", gradients, state, context),
      outside: inPlace("outside", gradients, state, context),
    }),
    ...(inside.learningRate === undefined ? {} : { learningRate: inside.learningRate }),
  };
}

function select(values: NamedTensors, wanted: (name: string) => boolean): NamedTensors {
  return new Map([...values].filter(([name]) => wanted(name)));
}
