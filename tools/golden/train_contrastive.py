"""Contrastive losses for packages/train/src/fixtures/contrastive.json.

torch==2.13.0, sentence-transformers==6.2.0, float64. Run: python tools/golden/train_contrastive.py
"plain", "symmetric" and "further" are MultipleNegativesRankingLoss itself on given vectors; "groups", which it lacks, is the same
cross-entropy with the other documents of a query's group at minus infinity.
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

torch.manual_seed(9)
torch.set_default_dtype(torch.float64)


def vectors(rows):
    return F.normalize(torch.randn(rows, 6), dim=1).requires_grad_()


queries, documents, further = vectors(5), vectors(5), vectors(5)
groups = torch.tensor([0, 1, 0, 2, 1])


def dot(a, b):
    """The vectors have the length 1 already, and gradients are those of the vectors as they are."""
    return a @ b.T


def ranking(scale, symmetric=False):
    directions = ("query_to_doc", "doc_to_query") if symmetric else ("query_to_doc",)
    loss = MultipleNegativesRankingLoss(
        None, scale=scale, similarity_fct=dot, directions=directions, partition_mode="per_direction"
    )
    return lambda *inputs: loss.compute_loss_from_embeddings(list(inputs), None)


def grouped(a, b):
    same = (groups[:, None] == groups[None, :]) & ~torch.eye(5, dtype=torch.bool)
    scores = (dot(a, b) * 20).masked_fill(same, -torch.inf)
    labels = torch.arange(5)
    return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2


def with_gradients(loss, *tensors):
    value = loss(*tensors)
    return {"loss": value.item(), "gradients": [g.tolist() for g in torch.autograd.grad(value, tensors)]}


content = {
    "queries": queries.tolist(),
    "documents": documents.tolist(),
    "further": further.tolist(),
    "groups": groups.tolist(),
    "accuracy": (dot(queries, documents).argmax(1) == torch.arange(5)).double().mean().item(),
    "cases": {
        "plain": with_gradients(ranking(20), queries, documents),
        "warm": with_gradients(ranking(2), queries, documents),
        "symmetric": with_gradients(ranking(20, True), queries, documents),
        "further": with_gradients(ranking(20, True), queries, documents, further),
        "groups": with_gradients(grouped, queries, documents),
    },
}
path = pathlib.Path(__file__).parents[2] / "packages/train/src/fixtures/contrastive.json"
path.write_text(json.dumps(content) + "\n")
