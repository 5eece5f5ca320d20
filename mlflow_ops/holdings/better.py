"""Whether less or more of a metric is better, as far as its name tells."""

from __future__ import annotations

import re

LESS = {
    *("rmse", "mae", "mse", "mape", "smape", "mase", "msle", "rmsle", "err", "deviance", "brier"),
    *("perplexity", "ppl", "nll", "kl", "kld", "hinge", "huber", "aic", "bic", "fpr", "fnr", "eer"),
    *("wer", "cer", "fid", "crossentropy", "bouldin"),
}
LESS_AT_A_WORDS_END = ("loss", "losses", "error", "errors")
LESS_AT_THE_END = ("l1", "l2")  # elsewhere a part of l1_ratio, say
MORE = {
    *("acc", "accuracy", "auc", "auroc", "auprc", "prauc", "aucpr", "ap", "map", "ndcg", "mrr"),
    *("f1", "f2", "fbeta", "r2", "precision", "recall", "sensitivity", "specificity", "likelihood"),
    *("tpr", "tnr", "bleu", "rouge", "kappa", "mcc", "iou", "dice", "jaccard", "psnr", "ssim"),
    *("gini", "silhouette", "reward", "rewards"),
}
MORE_ALONE = "score"  # it may be one of any of these
OPPOSITE = re.compile(r"\bneg\b|\bnegative log\b")
WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*")


def less(metric: str) -> bool | None:
    """Whether less of this metric is better; None for a name that does not tell."""
    words = [word.lower() for word in WORD.findall(metric)]
    told = [found for word in words if (found := _of_word(word)) is not None]
    told += [True] if words and words[-1] in LESS_AT_THE_END else []
    if not told and MORE_ALONE not in words:
        return None
    return (told[-1] if told else False) != bool(OPPOSITE.search(" ".join(words)))


def _of_word(word: str) -> bool | None:
    if word in LESS or word.endswith(LESS_AT_A_WORDS_END):
        return True
    return False if word in MORE else None
