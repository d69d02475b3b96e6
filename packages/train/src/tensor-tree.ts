import { tf } from "@nacre/tensor";
import type { TensorTree } from "./transform.ts";

/** The tensors of a tree under their paths (`0.mean.dense.weight`). */
export function namedLeaves(tree: TensorTree, path = ""): Map<string, tf.Tensor> {
  if (tree instanceof tf.Tensor) return new Map([[path, tree]]);
  const leaves = new Map<string, tf.Tensor>();
  for (const [name, branch] of branches(tree)) {
    for (const [inner, tensor] of namedLeaves(branch, path === "" ? name : `${path}.${name}`))
      leaves.set(inner, tensor);
  }
  return leaves;
}

/** A tree of the same form, each tensor replaced by the one that `take` gives for its path. */
export function mapTree<T extends TensorTree>(
  tree: T,
  take: (path: string, old: tf.Tensor) => tf.Tensor,
  path = "",
): T {
  if (tree instanceof tf.Tensor) return take(path, tree) as T;
  const inner = (name: string, branch: TensorTree) => mapTree(branch, take, path === "" ? name : `${path}.${name}`);
  if (tree instanceof Map) {
    const entries = [...(tree as ReadonlyMap<string, TensorTree>)].map(
      ([name, branch]) => [name, inner(name, branch)] as const,
    );
    return new Map(entries) as unknown as T;
  }
  if (Array.isArray(tree)) return tree.map((branch, index) => inner(String(index), branch)) as unknown as T;
  return Object.fromEntries(Object.entries(tree).map(([name, branch]) => [name, inner(name, branch)])) as T;
}

/** Runs `work` and frees what it made, save what it kept (`keepTree`, `tf.keep`). As `tf.tidy`, for any result. */
export function scoped<T>(work: () => T): T {
  let result: { readonly value: T } | undefined;
  tf.tidy(() => {
    result = { value: work() };
  });
  return result!.value;
}

/** Keeps the tree's tensors beyond the tidy they were made in. */
export function keepTree<T extends TensorTree>(tree: T): T {
  for (const tensor of namedLeaves(tree).values()) tf.keep(tensor);
  return tree;
}

/** Frees the tree's tensors, save those that another tree still has. */
export function disposeTree(tree: TensorTree, except?: TensorTree): void {
  const kept = new Set(except === undefined ? [] : [...namedLeaves(except).values()]);
  for (const tensor of namedLeaves(tree).values()) if (!kept.has(tensor)) tensor.dispose();
}

function branches(tree: Exclude<TensorTree, tf.Tensor>): Iterable<[string, TensorTree]> {
  if (tree instanceof Map) return tree;
  return Object.entries(tree as { readonly [name: string]: TensorTree });
}
