"""All labels: "Sup only" with the label of every training case, also of those hidden from the rest.

It is no semi-supervised method but the upper bound: how far "Sup only" stays below it says how much
unlabelled cases could gain. It needs a data set whose unlabelled cases have a hidden label, such as
AMOS and BTCV.
"""

from guidednet.methods.supervised import Supervised


class AllLabels(Supervised):
    """L = L_sup on crops of all training cases, labelled and unlabelled alike."""

    label = "All labels (upper bound)"
    in_paper = False
    uses_hidden_labels = True
