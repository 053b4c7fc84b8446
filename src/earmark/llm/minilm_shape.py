"""What of a BERT its graph is built by."""

from earmark.db.models import Model


class BertShape(Model):
    """What a BERT's configuration says of its size."""

    layers: int
    heads: int
    hidden: int
    epsilon: float
