"""Train the tagger of `osler.deid` on documents of the generator; writes the weights and a datasheet of figures.

    python training/deid/train.py --seed 20261120 --documents 24000 --output src/osler/deid/data/tagger.npz

Same seed, same machine kind, same weights. Needs torch (CPU) and numpy; the product needs numpy alone.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "src")]

import generator

from osler.core.spans import Label
from osler.deid.sequence import features as F
from osler.deid.sequence import wordlist as W
from osler.deid.sequence.tokenize import WORD, tokenize

LABELS = ("O", *(label.value for label in Label))
INDEX = {label: i for i, label in enumerate(LABELS)}
NAME_BITS = sum(
    1 << b
    for b in (
        W.GIVEN,
        W.COMMON_GIVEN,
        W.WORLD_GIVEN,
        W.SURNAME,
        W.COMMON_SURNAME,
        W.RARE_SURNAME,
        W.WORLD_SURNAME,
    )
)
PLACE_BITS = sum(1 << b for b in (W.PLACE, W.WORLD_PLACE, W.PLACE_PAIR, W.COUNTY))
PAD = 16
SEQUENCE = 1024


class Convolution(nn.Module):
    """Three taps as three matrix products, which a CPU does several times faster than a convolution."""

    def __init__(self, width: int, hidden: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.kernel = nn.Parameter(torch.empty(3, width, hidden).uniform_(-1, 1) / (3 * width) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(hidden))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d = self.dilation
        y = x @ self.kernel[1] + self.bias
        before = nn.functional.pad(x[:, :-d] @ self.kernel[0], (0, 0, d, 0))
        after = nn.functional.pad(x[:, d:] @ self.kernel[2], (0, 0, 0, d))
        return y + before + after


class Tagger(nn.Module):
    """The network of `osler.deid.sequence.network`, in torch."""

    def __init__(
        self, words: int, width: int, hidden: int, dilations: tuple[int, ...], dropout: float
    ) -> None:
        super().__init__()
        sizes = (words + 1, F.PREFIXES, F.SUFFIXES, F.SHAPES, F.GAPS, F.ENDS)
        self.tables = nn.ModuleList(nn.Embedding(n, width) for n in sizes)
        for table in self.tables:
            nn.init.normal_(table.weight, std=0.1)
        self.bits = nn.Linear(W.BITS, width, bias=False)
        self.first = Convolution(width, hidden, 1)
        self.rest = nn.ModuleList(Convolution(hidden, hidden, d) for d in dilations)
        self.out = nn.Linear(hidden, len(LABELS))
        self.drop = nn.Dropout(dropout)

    def forward(self, ids: torch.Tensor, bits: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.bits(bits)
        for column, table in enumerate(self.tables):
            x = x + table(ids[..., column])
        x = self.drop(x) * mask
        h = torch.relu(self.first(x)) * mask
        for conv in self.rest:
            h = h + torch.relu(conv(self.drop(h))) * mask
        return self.out(self.drop(h))


def vocabulary(texts: list[list[str]], least: int) -> list[str]:
    """Words of the templates' own text that at least `least` templates hold, in order of frequency."""
    seen: Counter[str] = Counter()
    for words in texts:
        seen.update(set(words))
    return [w for w, n in sorted(seen.items(), key=lambda kv: (-kv[1], kv[0])) if n >= least]


def carrier_words(document: "generator.Document") -> list[str]:
    """The folded tokens of a document outside of its identifiers."""
    table = tokenize(document.text)
    covered = covered_labels(document, table)
    return [
        "".join(map(chr, table.folded[s:e])) if k == WORD else document.text[s:e]
        for s, e, k, c in zip(table.start, table.end, table.kind, covered, strict=True)
        if c == 0 and k != 1
    ]


def covered_labels(document: "generator.Document", table: "F.TokenTable") -> np.ndarray:
    """Per token the index of its gold label, 0 for none."""
    gold = np.zeros(len(table), np.int64)
    for start, end, label in document.spans:
        first = np.searchsorted(table.end, start, side="right")
        last = np.searchsorted(table.start, end, side="left")
        gold[first:last] = INDEX[label]
    return gold


def encode(
    documents: list["generator.Document"], words: W.WordLists
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All documents as one stream of tokens: ids, bits, gold labels; gold is -1 on the padding between documents."""
    ids, bits, gold = [], [], []
    for document in documents:
        table = tokenize(document.text)
        made = F.features(table, words)
        ids += [made.ids, np.zeros((PAD, F.COLUMNS), np.int32)]
        bits += [made.bits, np.zeros(PAD, np.uint32)]
        gold += [covered_labels(document, table), np.full(PAD, -1)]
    return np.concatenate(ids), np.concatenate(bits), np.concatenate(gold)


def batches(stream: tuple[np.ndarray, ...], size: int, rng: np.random.Generator, pool: "WordPool | None"):
    """Batches of sequences of SEQUENCE tokens, in random order and from a random first token when training."""
    ids, bits, gold = stream
    shift = int(rng.integers(SEQUENCE)) if pool else 0
    starts = np.arange(shift, len(gold) - SEQUENCE, SEQUENCE)
    if pool:
        rng.shuffle(starts)
    for at in range(0, len(starts), size):
        where = starts[at : at + size, None] + np.arange(SEQUENCE)[None]
        i, b, g = ids[where].astype(np.int64), bits[where], gold[where]
        if pool:
            pool.mix(i, b, g, rng)
            b, i = dropped(b, i, g, rng)
        dense = ((b[..., None] >> np.arange(W.BITS, dtype=np.uint32)) & 1).astype(np.float32)
        yield torch.from_numpy(i), torch.from_numpy(dense), torch.from_numpy(g)


def dropped(
    bits: np.ndarray, ids: np.ndarray, gold: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Lists forget some names and places, and the vocabulary some words, so that none is relied on alone."""
    lost = rng.random(bits.shape) < 0.08
    bits = np.where(lost, bits & ~np.uint32(NAME_BITS | PLACE_BITS), bits)
    row = rng.random((bits.shape[0], 1)) < 0.08
    bits = np.where(row & (gold > 0), bits & ~np.uint32(NAME_BITS | PLACE_BITS), bits)
    ids[..., 0][rng.random(bits.shape) < 0.07] = 0
    return bits, ids


class WordPool:
    """Features of everyday and medical words, in small letters and with a capital, to stand in for others.

    Templates hold few thousand words; prose holds all of them. Putting any word of the lists where an ordinary word
    stands teaches that a listed word is an ordinary one wherever nothing else speaks for a name.
    """

    def __init__(self, table: W.WordLists) -> None:
        data = HERE.parents[1] / "src" / "osler" / "deid" / "data"
        given = set((data / "census_given.txt").read_text().split()) | set(
            (data / "given_faker.txt").read_text().split()
        )
        names = ("words.txt", "clinical_words.txt", "medical_words.txt", "english_words.txt")
        words = sorted(
            {w for name in names for w in (data / name).read_text().split() if w.isalpha()} - given
        )
        self.lower = self._made(words, table)
        self.title = self._made([w.title() for w in words], table)
        letters, rng = "ABCDEFGHIKLMNOPRSTUVXZ", random.Random(7)
        self.upper = self._made(
            sorted({"".join(rng.choices(letters, k=rng.randint(2, 5))) for _ in range(4000)}), table
        )

    @staticmethod
    def _made(words: list[str], table: W.WordLists) -> tuple[np.ndarray, np.ndarray]:
        cut = tokenize("\n".join(words))
        made = F.features(cut, table)
        return made.ids, made.bits

    def mix(self, ids: np.ndarray, bits: np.ndarray, gold: np.ndarray, rng: np.random.Generator) -> None:
        """Some words that are no identifier become other words; in place."""
        for (pool_ids, pool_bits), case, share in (
            (self.lower, 1, 0.10),
            (self.title, 2, 0.07),
            (self.upper, 3, 0.10),
        ):
            shapes = ids[..., 3]
            plain = (gold == 0) & (shapes >= case * 14 + 2) & (shapes < case * 14 + 14)
            where = np.nonzero(plain & (rng.random(gold.shape) < share))
            pick = rng.integers(len(pool_bits), size=len(where[0]))
            for column in (0, 1, 2, 3, 5):
                ids[where[0], where[1], column] = pool_ids[pick, column]
            bits[where] = pool_bits[pick]


def own_prose() -> list["generator.Document"]:
    """Paragraphs of the shipped starter pack, which hold no identifier, without those that name a month or a place."""
    folder = HERE.parents[1] / "src" / "osler" / "knowledge" / "data" / "starter"
    months = "January February March April May June July August September October November December".split()
    out = []
    for path in sorted(folder.rglob("*.md")):
        body = path.read_text(encoding="utf-8").split("---", 2)[-1]
        for part in body.split("\n\n"):
            if len(part) > 80 and not any(m in part for m in months):
                out.append(generator.Document(text=part, spans=(), template="starter", style="starter"))
    return out


def train(
    stream: tuple[np.ndarray, ...],
    dev: tuple[np.ndarray, ...],
    words: int,
    pool: WordPool,
    options: argparse.Namespace,
) -> Tagger:
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model = Tagger(words, options.width, options.hidden, options.dilations, options.dropout)
    per_epoch = len(stream[2]) // SEQUENCE // options.batch + 1
    steps = per_epoch * options.epochs
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.rate, total_steps=steps + 1, pct_start=0.1
    )
    weight = torch.ones(len(LABELS))
    weight[0] = options.outside
    loss_of = nn.CrossEntropyLoss(weight=weight, ignore_index=-1, label_smoothing=0.01)
    for epoch in range(options.epochs):
        model.train()
        began, total, count = time.time(), 0.0, 0
        for ids, bits, gold in batches(stream, options.batch, rng, pool):
            mask = (gold >= 0).float().unsqueeze(-1)
            loss = loss_of(model(ids, bits, mask).flatten(0, 1), gold.flatten())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
        print(
            f"epoch {epoch + 1}: loss {total / count:.4f}, {time.time() - began:.0f} s; {measured(model, dev)}",
            flush=True,
        )
    return model


def measured(model: Tagger, dev: tuple[np.ndarray, ...]) -> str:
    """Token recall and precision, and recall per label, on templates that were not trained on."""
    model.eval()
    hits, found = Counter(), Counter()
    with torch.no_grad():
        for ids, bits, gold in batches(dev, 16, np.random.default_rng(0), None):
            mask = (gold >= 0).float().unsqueeze(-1)
            p = torch.softmax(model(ids, bits, mask), -1)
            said = p[..., 0] < 0.5
            for label in range(1, len(LABELS)):
                of = gold == label
                found[label] += int(of.sum())
                hits[label] += int((of & said).sum())
            hits["right"] += int((said & (gold > 0)).sum())
            hits["said"] += int((said & (gold >= 0)).sum())
    recall = hits["right"] / max(1, sum(found.values()))
    each = " ".join(f"{LABELS[i]}={hits[i] / n:.3f}" for i, n in sorted(found.items()) if n)
    return f"dev recall {recall:.4f} precision {hits['right'] / max(1, hits['said']):.4f} | {each}"


def save(
    model: Tagger, words: list[str], path: Path, note: dict[str, object], probe: tuple[np.ndarray, ...]
) -> None:
    """Weights as float16 arrays, the vocabulary and a probe, in one `.npz` without pickles.

    The probe is a piece of text as features with what torch makes of it: a test holds the numpy network to it.
    """
    model.half().float()
    ids, bits = probe
    dense = ((bits[None, :, None] >> np.arange(W.BITS, dtype=np.uint32)) & 1).astype(np.float32)
    with torch.no_grad():
        model.eval()
        said = torch.softmax(
            model(
                torch.from_numpy(ids[None].astype(np.int64)),
                torch.from_numpy(dense),
                torch.ones(1, len(bits), 1),
            ),
            -1,
        )[0]
    arrays = {f"e{i}": t.weight for i, t in enumerate(model.tables)}
    arrays["bits"] = model.bits.weight.T
    for i, conv in enumerate([model.first, *model.rest]):
        arrays[f"k{i}"], arrays[f"b{i}"] = conv.kernel, conv.bias
    arrays["out"], arrays["out_bias"] = model.out.weight.T, model.out.bias
    meta = json.dumps({"labels": LABELS, "words": words, **note}).encode()
    plain = {name: a.detach().numpy().astype(np.float16) for name, a in arrays.items()}
    exact = {"probe_ids": ids, "probe_bits": bits, "probe_out": said.numpy()}
    np.savez_compressed(path, meta=np.frombuffer(meta, np.uint8), **plain, **exact)


MODELS = {
    "full": {
        "documents": 48_000,
        "epochs": 8,
        "width": 48,
        "hidden": 64,
        "dilations": (1, 2, 4, 8),
        "dropout": 0.25,
    },
    "small": {
        "documents": 36_000,
        "epochs": 6,
        "width": 24,
        "hidden": 24,
        "dilations": (1, 2, 4),
        "dropout": 0.1,
    },
}
"""What is trained: `full` for the engine, `small` for `--fast`. Single values can be given on the command line."""


def arguments() -> argparse.Namespace:
    """The command line, with the values of the model that it names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(MODELS), default="full")
    parser.add_argument("--seed", type=int, default=20261120)
    parser.add_argument("--documents", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--outside", type=float, default=1.0, help="weight of tokens that are no identifier")
    parser.add_argument("--templates", type=Path, default=HERE / "templates")
    parser.add_argument(
        "--hold-out", type=float, default=0.02, help="share of the templates kept for the dev figures"
    )
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    for name, value in MODELS[options.model].items():
        if getattr(options, name, None) is None:
            setattr(options, name, value)
    return options


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)  # reproducible, and two threads that wait for a busy core are slower than one
    torch.use_deterministic_algorithms(True)
    made = list(generator.documents(options.seed, options.documents, options.templates))
    names = sorted({d.template for d in made})
    random.Random(options.seed).shuffle(names)
    held = set(names[: int(len(names) * options.hold_out)])
    documents = [d for d in made if d.template not in held]
    more = generator.documents(options.seed + 1, options.documents, options.templates)
    documents += [d for d in more if d.template not in held and not d.spans]
    documents += own_prose() * 4
    random.Random(options.seed).shuffle(documents)
    dev = [d for d in made if d.template in held][:1500] or made[:300]
    words = vocabulary([carrier_words(d) for d in documents[:: max(1, len(documents) // 8000)]], 4)
    table = W.load().with_words(words)
    print(f"{len(documents)} documents, {len(names)} templates, {len(words)} words", flush=True)
    stream = encode(documents, table)
    print(f"{len(stream[2]):,} tokens", flush=True)
    model = train(stream, encode(dev, table), len(words), WordPool(table), options)
    save(
        model,
        words,
        options.output,
        {"seed": options.seed, "documents": options.documents, "dilations": options.dilations},
        (stream[0][:200], stream[1][:200]),
    )


if __name__ == "__main__":
    main()
